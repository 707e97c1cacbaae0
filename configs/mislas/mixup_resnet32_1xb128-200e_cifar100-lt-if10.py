# Stage 1 of MiSLAS on CIFAR-100-LT, imbalance factor 10: 19,573 training images, 153 steps an epoch.
#
#     python tools/train.py configs/mislas/mixup_resnet32_1xb128-200e_cifar100-lt-if10.py
#
# All else as in mixup_resnet32_1xb128-200e_cifar100-lt-if100.py. Top-1 in the authors' README: 59.1. Not run here.
_base_ = './mixup_resnet32_1xb128-200e_cifar100-lt-if100.py'

train_dataloader = dict(dataset=dict(imbalance_factor=10))
