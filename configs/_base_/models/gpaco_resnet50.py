# GPaCo on ResNet-50 for images of ImageNet's size: the model of each of its recipes but those for CIFAR and ViT.
# Both views are classified, contrasted and trained, one after the other through the same encoder.
_base_ = './resnet50.py'

model = dict(
    type='ltcl.ContrastiveClassifier',
    online_views=(0, 1),
    projector=dict(type='ltcl.Projector', in_channels=2048, out_channels=128, num_layers=3),
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
