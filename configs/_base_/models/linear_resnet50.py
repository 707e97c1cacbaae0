# Linear classifier, weights from N(0, 0.01), on a frozen ResNet-50. Batch normalisation stays in train mode.
_base_ = './resnet50.py'

model = dict(
    type='ltcl.FrozenEncoderClassifier',
    head=dict(_delete_=True, type='LinearClsHead', num_classes=1000, in_channels=2048),
)
