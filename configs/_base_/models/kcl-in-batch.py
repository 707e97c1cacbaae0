# KCL and TSC within a batch: no queue and no momentum encoder, one forward pass for both views; an MLP without norm.
model = dict(
    type='ltcl.ContrastiveClassifier',
    online_views=(0, 1),
    joint_forward=True,
    backbone=dict(type='ResNet', depth=50, zero_init_residual=False),
    neck=dict(type='GlobalAveragePooling'),
    projector=dict(type='ltcl.Projector', out_channels=128, num_layers=2),
    head=dict(type='ltcl.InBatchKCLHead', num_positives=6),
)
# PyTorch's own initialisation of a convolution: the script for CIFAR sets none in this stage.
pytorch_init = dict(
    type='Kaiming', layer='Conv2d', a=5**0.5, mode='fan_in', nonlinearity='leaky_relu', distribution='uniform'
)
