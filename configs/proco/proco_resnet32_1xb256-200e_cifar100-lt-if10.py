# ProCo on CIFAR-100-LT, imbalance factor 10: 19,573 training images, 77 steps an epoch.
#
#     python tools/train.py configs/proco/proco_resnet32_1xb256-200e_cifar100-lt-if10.py
#
# Top-1 of the paper: 65.5. Not run here.
_base_ = './proco_resnet32_1xb256-200e_cifar100-lt-if100.py'

train_dataloader = dict(dataset=dict(imbalance_factor=10))
