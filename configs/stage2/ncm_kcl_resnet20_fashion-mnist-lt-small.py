# Nearest class mean on the encoder of KCL, Fashion-MNIST-LT `small`. Nothing is trained: tools/test.py.
_base_ = './ncm_cross-entropy_resnet20_fashion-mnist-lt-small.py'

stage1_config = 'configs/kcl/kcl_resnet20_1xb128-100e_fashion-mnist-lt-small.py'
