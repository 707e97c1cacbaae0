# Cosine classifier with LDAM loss on the frozen encoder of TSC, CIFAR-10-LT, imbalance factor 100.
#
#     python tools/train.py configs/stage2/ldam_tsc_resnet32_1xb128-200e_cifar10-lt-if100.py
#
# Known and inferred values as in ldam_kcl_resnet32_1xb128-200e_cifar100-lt-if100.py.
# Top-1 of the paper: 79.7. Not run here.
_base_ = './ldam_kcl_resnet32_1xb128-200e_cifar10-lt-if100.py'

stage1_config = 'configs/tsc/tsc_resnet32_1xb1024-1000e_cifar10-lt-if100.py'
load_from = 'work_dirs/tsc_resnet32_1xb1024-1000e_cifar10-lt-if100/epoch_1000.pth'
