# ResCo: a forward pass of its own for each of the two views, both contrasted.
model = dict(
    type='ltcl.ContrastiveClassifier',
    online_views=(0, 1),
    joint_forward=False,
    backbone=dict(type='ResNet', depth=50, zero_init_residual=False),
    neck=dict(type='GlobalAveragePooling'),
    projector=dict(type='ltcl.Projector', out_channels=128, norm_cfg=dict(type='BN1d')),
    head=dict(
        type='ltcl.ResCoHead',
        positives_per_class=4,
        negatives_per_class=1,
        temperature=0.2,
        con_weight=0.5,
        effective_number_beta=0.99,
    ),
)
