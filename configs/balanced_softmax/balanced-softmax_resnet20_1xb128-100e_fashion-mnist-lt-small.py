_base_ = '../cross_entropy/cross-entropy_resnet20_1xb128-100e_fashion-mnist-lt-small.py'

model = dict(head=dict(loss=dict(type='ltcl.BalancedSoftmaxLoss', num_classes=10, _delete_=True)))
