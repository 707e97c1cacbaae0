# SVHN-LT: 2,478 training images, 1,000 of the digit 1 down to 10 of the digit 0 (imbalance factor 100), 26,032 for the
# test. Images are RGB from the file to the network. The views are those of CIFAR, mirroring included, and mean and
# deviation are 0.5, as in the code that SVHN-LT comes from.
_base_ = './cifar100-lt.py'

data_root = 'data/svhn'
num_classes = 10
data_preprocessor = dict(num_classes=num_classes, mean=[127.5] * 3, std=[127.5] * 3)
train_dataloader = dict(dataset=dict(type='ltcl.SVHNLT', data_root=data_root))
test_dataloader = dict(dataset=dict(type='ltcl.SVHNLT', data_root=data_root))
val_dataloader = test_dataloader
