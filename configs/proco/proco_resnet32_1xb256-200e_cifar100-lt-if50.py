# ProCo on CIFAR-100-LT, imbalance factor 50: 12,608 training images, 50 steps an epoch.
#
#     python tools/train.py configs/proco/proco_resnet32_1xb256-200e_cifar100-lt-if50.py
#
# Top-1 of the paper: 57.1. Not run here.
_base_ = './proco_resnet32_1xb256-200e_cifar100-lt-if100.py'

train_dataloader = dict(dataset=dict(imbalance_factor=50))
