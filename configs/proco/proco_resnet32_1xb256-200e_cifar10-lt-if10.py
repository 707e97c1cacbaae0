# ProCo on CIFAR-10-LT, imbalance factor 10: 20,431 training images, 80 steps an epoch.
#
#     python tools/train.py configs/proco/proco_resnet32_1xb256-200e_cifar10-lt-if10.py
#
# No figure is known to us. Not run here.
_base_ = './proco_resnet32_1xb256-200e_cifar10-lt-if100.py'

train_dataloader = dict(dataset=dict(imbalance_factor=10))
