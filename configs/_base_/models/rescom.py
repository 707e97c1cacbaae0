# ResCom: one forward pass for both views, both contrasted.
model = dict(
    type='ltcl.ContrastiveClassifier',
    online_views=(0, 1),
    joint_forward=True,
    backbone=dict(type='ResNet', depth=50, zero_init_residual=False),
    neck=dict(type='GlobalAveragePooling'),
    projector=dict(type='ltcl.Projector', out_channels=128, norm_cfg=dict(type='BN1d')),
    head=dict(
        type='ltcl.ResComHead',
        num_hard_positives=1,
        temperature=0.2,
        con_weight=0.5,
        effective_number_beta=0.99,
    ),
)
