# LWS: one scale per class on the classifier of a cross-entropy run, Fashion-MNIST-LT `small`.
_base_ = './linear_kcl_resnet20_1xb128-20e_fashion-mnist-lt-small.py'

stage1_config = 'configs/cross_entropy/cross-entropy_resnet20_1xb128-100e_fashion-mnist-lt-small.py'
load_from = 'work_dirs/cross-entropy_resnet20_1xb128-100e_fashion-mnist-lt-small/epoch_100.pth'
model = dict(head=dict(type='ltcl.LWSHead'))
# The classifier is loaded as well.
default_hooks = dict(strict_load=dict(ignore=[r'^(?!backbone\.|neck\.|head\.fc\.)']))
