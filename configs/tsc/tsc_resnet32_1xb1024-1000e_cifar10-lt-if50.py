# TSC, stage 1, on CIFAR-10-LT, imbalance factor 50: 13,996 training images, 14 steps an epoch.
#
#     python tools/train.py configs/tsc/tsc_resnet32_1xb1024-1000e_cifar10-lt-if50.py
#
# Stage 2: python tools/train.py configs/stage2/linear_tsc_resnet32_1xb128-40e_cifar10-lt-if50.py
# Not run here.
_base_ = './tsc_resnet32_1xb1024-1000e_cifar10-lt-if100.py'

train_dataloader = dict(dataset=dict(imbalance_factor=50))
