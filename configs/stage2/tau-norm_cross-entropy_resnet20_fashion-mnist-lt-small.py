# Tau-normalised classifier of a cross-entropy run, Fashion-MNIST-LT `small`. Nothing is trained: tools/test.py.
_base_ = '../cross_entropy/cross-entropy_resnet20_1xb128-100e_fashion-mnist-lt-small.py'

stage1_config = 'configs/cross_entropy/cross-entropy_resnet20_1xb128-100e_fashion-mnist-lt-small.py'

model = dict(head=dict(type='ltcl.TauNormHead', tau=0.3))
train_dataloader = None
train_cfg = None
optim_wrapper = None
param_scheduler = None
