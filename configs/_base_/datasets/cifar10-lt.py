# CIFAR-10-LT: 5,000 training images of class 0 down to 50 of class 9 (imbalance factor 100), 10,000 test images.
_base_ = './cifar100-lt.py'

data_root = 'data/cifar10'
num_classes = 10
data_preprocessor = dict(num_classes=num_classes)
train_dataloader = dict(dataset=dict(type='ltcl.CIFAR10LT', data_root=data_root))
test_dataloader = dict(dataset=dict(type='ltcl.CIFAR10LT', data_root=data_root))
val_dataloader = test_dataloader
