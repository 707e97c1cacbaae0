# ResNet-32 with the parts of KCL within a batch: MLP 64 -> 64 -> 128 without norm, no queue and no momentum encoder.
_base_ = './resnet32-cifar.py'

# PyTorch's own initialisation of a convolution: the script sets none in this stage.
pytorch_init = dict(
    type='Kaiming', layer='Conv2d', a=5**0.5, mode='fan_in', nonlinearity='leaky_relu', distribution='uniform'
)
model = dict(
    type='ltcl.ContrastiveClassifier',
    online_views=(0, 1),
    joint_forward=True,
    backbone=dict(init_cfg=pytorch_init),
    projector=dict(type='ltcl.Projector', in_channels=64, out_channels=128, num_layers=2),
    head=dict(_delete_=True, type='ltcl.InBatchKCLHead', num_classes=100, num_positives=6, temperature=0.07),
)
