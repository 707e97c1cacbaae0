# PaCo on CIFAR-100-LT, imbalance factor 10: 19,573 training images, 152 steps an epoch.
# Top-1 of the paper: 64.2. Not run here.
_base_ = './paco_resnet32_1xb128-400e_cifar100-lt-if100.py'

train_dataloader = dict(dataset=dict(imbalance_factor=10))
