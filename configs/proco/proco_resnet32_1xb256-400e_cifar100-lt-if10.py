# ProCo on CIFAR-100-LT, imbalance factor 10, 400 epochs: 19,573 training images, 77 steps an epoch.
#
#     python tools/train.py configs/proco/proco_resnet32_1xb256-400e_cifar100-lt-if10.py
#
# No figure is known to us. Not run here.
_base_ = './proco_resnet32_1xb256-200e_cifar100-lt-if100.py'

max_epochs = 400
train_dataloader = dict(dataset=dict(imbalance_factor=10))
param_scheduler = dict(warmup_epochs=10, milestones=[359, 379])
train_cfg = dict(max_epochs=max_epochs)
