# ResNet-50 with the parts of BCL on large sets: both MLPs 2048 -> 2048 -> 1024, cosine classifier of scale 30.
# The first view is classified; the two others are contrasted. One forward pass for all three.
_base_ = './resnet50.py'

model = dict(
    type='ltcl.ContrastiveClassifier',
    online_views=(0, 1, 2),
    joint_forward=True,
    projector=dict(type='ltcl.Projector', in_channels=2048, out_channels=1024, norm_cfg=dict(type='BN1d')),
    head=dict(
        _delete_=True,
        type='ltcl.BCLHead',
        num_classes=1000,
        in_channels=2048,
        feat_dim=1024,
        alpha=1.0,
        beta=0.35,
        temperature=0.07,
        cosine_scale=30.0,
    ),
)
