# ResNet-32 with the parts of ResCom on CIFAR-100: MLP 64 -> 64 -> 32, 10 queue slots for each class.
_base_ = './resnet32-cifar.py'

model = dict(
    type='ltcl.ContrastiveClassifier',
    online_views=(0, 1),
    joint_forward=True,
    projector=dict(type='ltcl.Projector', in_channels=64, out_channels=32, norm_cfg=dict(type='BN1d')),
    head=dict(
        _delete_=True,
        type='ltcl.ResComHead',
        num_classes=100,
        in_channels=64,
        feat_dim=32,
        queue_per_class=10,
        num_hard_positives=1,
        num_hard_negatives=400,
        temperature=0.2,
        con_weight=0.5,
        effective_number_beta=0.999999,
    ),
)
