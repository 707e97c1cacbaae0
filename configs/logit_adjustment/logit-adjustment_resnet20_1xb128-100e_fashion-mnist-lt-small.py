# Logit adjustment (https://arxiv.org/abs/2007.07314) on Fashion-MNIST-LT `small`.
_base_ = '../cross_entropy/cross-entropy_resnet20_1xb128-100e_fashion-mnist-lt-small.py'

# Weaker than balanced softmax, which is tau = 1.
model = dict(head=dict(loss=dict(type='ltcl.LogitAdjustedLoss', num_classes=10, tau=0.75)))
