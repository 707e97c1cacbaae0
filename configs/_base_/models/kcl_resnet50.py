# ResNet-50 with the parts of KCL on large sets: MLP 2048 -> 2048 -> 128 without norm, a momentum encoder and a queue.
_base_ = './resnet50.py'

model = dict(
    type='ltcl.ContrastiveClassifier',
    online_views=(0,),
    key_views=(1,),
    shuffle_bn=True,
    projector=dict(type='ltcl.Projector', in_channels=2048, out_channels=128, num_layers=2),
    head=dict(
        _delete_=True,
        type='ltcl.KCLHead',
        num_classes=1000,
        feat_dim=128,
        queue_len=65536,
        num_positives=6,
        temperature=0.07,
    ),
)
