# ResNet-32 for 32x32 colour images: three stages of five blocks, 16 to 64 channels, parameter-free shortcuts.
model = dict(
    type='ImageClassifier',
    backbone=dict(type='ltcl.CifarResNet', depth=32),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=100, in_channels=64, loss=dict(type='CrossEntropyLoss'), init_cfg=None),
)
