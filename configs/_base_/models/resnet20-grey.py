# ResNet-20 for 28x28 grey images: three stages of three blocks, 16 to 64 channels.
model = dict(
    type='ImageClassifier',
    backbone=dict(type='ltcl.CifarResNet', depth=20, in_channels=1),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=10, in_channels=64, loss=dict(type='CrossEntropyLoss'), init_cfg=None),
)
