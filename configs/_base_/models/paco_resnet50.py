# PaCo on ResNet-50 for images of ImageNet's size: the model of each of its recipes but those for CIFAR.
# The first view is classified and contrasted; the second is the key of a momentum encoder with batch norms of its own.
# A root config adds dict(type='ltcl.MomentumUpdateHook', momentum=0.999) to its custom_hooks.
_base_ = './resnet50.py'

model = dict(
    type='ltcl.ContrastiveClassifier',
    online_views=(0,),
    key_views=(1,),
    shuffle_bn=True,
    projector=dict(type='ltcl.Projector', in_channels=2048, out_channels=128, num_layers=2, norm_cfg=dict(type='BN1d')),
    head=dict(
        _delete_=True,
        type='ltcl.PaCoHead',
        num_classes=1000,
        in_channels=2048,
        feat_dim=128,
        queue_len=8192,
        alpha=0.05,
        temperature=0.2,
    ),
)
