# Linear classifier on the frozen encoder of TSC, CIFAR-100-LT, imbalance factor 10.
#
#     python tools/train.py configs/stage2/linear_tsc_resnet32_1xb128-40e_cifar100-lt-if10.py
#
# No result is published. Not run here.
_base_ = './linear_kcl_resnet32_1xb128-40e_cifar100-lt-if100.py'

stage1_config = 'configs/tsc/tsc_resnet32_1xb1024-1000e_cifar100-lt-if10.py'
load_from = 'work_dirs/tsc_resnet32_1xb1024-1000e_cifar100-lt-if10/epoch_1000.pth'
train_dataloader = dict(dataset=dict(imbalance_factor=10))
