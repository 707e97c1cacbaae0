# ResCom on CIFAR-10-LT, imbalance factor 10: 20,431 training images, 159 steps an epoch.
#
#     python tools/train.py configs/resco/rescom_resnet32_1xb128-400e_cifar10-lt-if10.py
#
# Inferred from CIFAR-100-LT as for a factor of 100. The authors report 92.0. Not run here.
_base_ = './rescom_resnet32_1xb128-400e_cifar10-lt-if100.py'

train_dataloader = dict(dataset=dict(imbalance_factor=10))
