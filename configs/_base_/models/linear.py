# Linear classifier, weights from N(0, 0.01), on a frozen encoder. Batch normalisation stays in train mode.
model = dict(
    type='ltcl.FrozenEncoderClassifier',
    backbone=dict(type='ResNet', depth=50, zero_init_residual=False),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead'),
)
