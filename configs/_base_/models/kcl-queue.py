# KCL and TSC with a queue and a momentum encoder, which default_hooks.momentum_update of a config moves; an MLP without
# norm. They have no classifier: k nearest neighbours follow the training (default_hooks.feature_bank).
model = dict(
    type='ltcl.ContrastiveClassifier',
    online_views=(0,),
    key_views=(1,),
    shuffle_bn=True,
    backbone=dict(type='ResNet', depth=50, zero_init_residual=False),
    neck=dict(type='GlobalAveragePooling'),
    projector=dict(type='ltcl.Projector', out_channels=128, num_layers=2),
    head=dict(type='ltcl.KCLHead', num_positives=6),
)
