# PaCo: the first view is classified and contrasted; the second is the key of a momentum encoder with batch norms of its
# own, which default_hooks.momentum_update of a config moves.
model = dict(
    type='ltcl.ContrastiveClassifier',
    online_views=(0,),
    key_views=(1,),
    shuffle_bn=True,
    backbone=dict(type='ResNet', depth=50, zero_init_residual=False),
    neck=dict(type='GlobalAveragePooling'),
    projector=dict(type='ltcl.Projector', out_channels=128, num_layers=2, norm_cfg=dict(type='BN1d')),
    head=dict(type='ltcl.PaCoHead'),
)
