# Cross entropy with mixup on Fashion-MNIST-LT `small`: stage 1 of MiSLAS.
#
#     python tools/train.py configs/mislas/mixup_resnet20_1xb128-100e_fashion-mnist-lt-small.py
_base_ = '../cross_entropy/cross-entropy_resnet20_1xb128-100e_fashion-mnist-lt-small.py'

data_preprocessor = dict(batch_augments=dict(augments=dict(type='Mixup', alpha=1.0)))
model = dict(head=dict(loss=dict(use_soft=True)))
