# ProCo on ImageNet-LT with ResNeXt-50 32x4d, 180 epochs.
#
#     tools/dist_train.sh configs/proco/proco_resnext50-32x4d_8xb32-180e_imagenet-lt.py 8
#
# 8 GPUs. 180 epochs of 453 steps; all else as in the recipe of 90 epochs beside this file.
# No figure is known to us. Not run here.
_base_ = './proco_resnet50_8xb32-90e_imagenet-lt.py'

max_epochs = 180
model = dict(backbone=dict(type='ResNeXt', groups=32, width_per_group=4))
param_scheduler = dict(max_epochs=max_epochs)
train_cfg = dict(max_epochs=max_epochs)
