# BalPoE with three experts on CIFAR-100-LT, imbalance factor 10: 19,573 training images, 153 steps an epoch.
#
#     python tools/train.py configs/balpoe/balpoe_resnet32_1xb128-200e_cifar100-lt-if10.py
#
# All else as in balpoe_resnet32_1xb128-200e_cifar100-lt-if100.py. Not run here.
_base_ = './balpoe_resnet32_1xb128-200e_cifar100-lt-if100.py'

train_dataloader = dict(dataset=dict(imbalance_factor=10))
