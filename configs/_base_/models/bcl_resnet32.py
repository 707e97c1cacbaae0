# ResNet-32 with the parts of BCL on CIFAR: both MLPs 64 -> 512 -> 128, cosine classifier of scale 30.
# The first view is classified; the two others are contrasted. One forward pass for all three.
_base_ = './resnet32-cifar.py'

model = dict(
    type='ltcl.ContrastiveClassifier',
    online_views=(0, 1, 2),
    joint_forward=True,
    projector=dict(
        type='ltcl.Projector', in_channels=64, hidden_channels=512, out_channels=128, norm_cfg=dict(type='BN1d')
    ),
    head=dict(
        _delete_=True,
        type='ltcl.BCLHead',
        num_classes=100,
        in_channels=64,
        hidden_channels=512,
        feat_dim=128,
        alpha=2.0,
        beta=0.6,
        temperature=0.1,
    ),
)
