# Linear classifier, weights from N(0, 0.01), on a frozen ResNet-32. Batch normalisation stays in train mode.
_base_ = './resnet32-cifar.py'

model = dict(
    type='ltcl.FrozenEncoderClassifier',
    head=dict(_delete_=True, type='LinearClsHead', num_classes=100, in_channels=64),
)
