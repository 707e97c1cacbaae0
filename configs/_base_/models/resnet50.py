# ResNet-50 for 224x224 images. Convolutions: He's normal distribution (fan-out). Norms, the last of a block too: 1, 0.
model = dict(
    type='ImageClassifier',
    backbone=dict(type='ResNet', depth=50, zero_init_residual=False),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='LinearClsHead', num_classes=1000, in_channels=2048, loss=dict(type='CrossEntropyLoss'), init_cfg=None
    ),
)
