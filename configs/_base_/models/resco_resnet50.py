# ResNet-50 with the parts of ResCo on ImageNet-LT: MLP 2048 -> 2048 -> 128, queues of 4 positives and 1 negative for
# each class. A forward pass of its own for each of the two views.
_base_ = './resnet50.py'

model = dict(
    type='ltcl.ContrastiveClassifier',
    online_views=(0, 1),
    joint_forward=False,
    projector=dict(type='ltcl.Projector', in_channels=2048, out_channels=128, norm_cfg=dict(type='BN1d')),
    head=dict(
        _delete_=True,
        type='ltcl.ResCoHead',
        num_classes=1000,
        in_channels=2048,
        feat_dim=128,
        positives_per_class=4,
        negatives_per_class=1,
        temperature=0.2,
        con_weight=0.5,
        effective_number_beta=0.99,
    ),
)
