# BCL: the first view is classified; the two others are contrasted. One forward pass for all three.
model = dict(
    type='ltcl.ContrastiveClassifier',
    online_views=(0, 1, 2),
    joint_forward=True,
    backbone=dict(type='ResNet', depth=50, zero_init_residual=False),
    neck=dict(type='GlobalAveragePooling'),
    projector=dict(type='ltcl.Projector', out_channels=1024, norm_cfg=dict(type='BN1d')),
    head=dict(type='ltcl.BCLHead'),
)
