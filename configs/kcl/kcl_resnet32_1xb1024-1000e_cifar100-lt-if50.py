# KCL, stage 1, on CIFAR-100-LT, imbalance factor 50: 12,608 training images, 13 steps an epoch.
#
#     python tools/train.py configs/kcl/kcl_resnet32_1xb1024-1000e_cifar100-lt-if50.py
#
# Not run here.
_base_ = './kcl_resnet32_1xb1024-1000e_cifar100-lt-if100.py'

train_dataloader = dict(dataset=dict(imbalance_factor=50))
