# KCL, stage 1, on CIFAR-100-LT, imbalance factor 10: 19,573 training images, 20 steps an epoch.
#
#     python tools/train.py configs/kcl/kcl_resnet32_1xb1024-1000e_cifar100-lt-if10.py
#
# Not run here.
_base_ = './kcl_resnet32_1xb1024-1000e_cifar100-lt-if100.py'

train_dataloader = dict(dataset=dict(imbalance_factor=10))
