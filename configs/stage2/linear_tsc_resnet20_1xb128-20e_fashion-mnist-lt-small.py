# Linear classifier on the frozen encoder of TSC, Fashion-MNIST-LT `small`.
_base_ = './linear_kcl_resnet20_1xb128-20e_fashion-mnist-lt-small.py'

stage1_config = 'configs/tsc/tsc_resnet20_1xb128-100e_fashion-mnist-lt-small.py'
load_from = 'work_dirs/tsc_resnet20_1xb128-100e_fashion-mnist-lt-small/epoch_100.pth'
