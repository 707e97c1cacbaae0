# cRT: the classifier of a cross-entropy run trained anew on class-balanced batches, Fashion-MNIST-LT `small`.
_base_ = './linear_kcl_resnet20_1xb128-20e_fashion-mnist-lt-small.py'

stage1_config = 'configs/cross_entropy/cross-entropy_resnet20_1xb128-100e_fashion-mnist-lt-small.py'
load_from = 'work_dirs/cross-entropy_resnet20_1xb128-100e_fashion-mnist-lt-small/epoch_100.pth'
