# ProCo on ImageNet-LT with ResNet-50, 180 epochs.
#
#     tools/dist_train.sh configs/proco/proco_resnet50_8xb32-180e_imagenet-lt.py 8
#
# 8 GPUs. 180 epochs of 453 steps; all else as in the recipe of 90 epochs beside this file.
# Top-1 of the paper: 57.8. Not run here.
_base_ = './proco_resnet50_8xb32-90e_imagenet-lt.py'

max_epochs = 180
param_scheduler = dict(max_epochs=max_epochs)
train_cfg = dict(max_epochs=max_epochs)
