# CIFAR-100, the whole balanced set: 500 training images of each class, 10,000 test images.
# The classes are level, so all of them are in the shot group "many".
_base_ = './cifar100-lt.py'

train_dataloader = dict(dataset=dict(imbalance_factor=1))
