# ProCo on ImageNet-LT with ResNeXt-50 32x4d, 90 epochs.
#
#     tools/dist_train.sh configs/proco/proco_resnext50-32x4d_8xb32-90e_imagenet-lt.py 8
#
# 8 GPUs. Batch, batch norm, rate and seed as in the recipe of ResNet-50 beside this file.
# Top-1 of the paper: 58.0. Not run here.
_base_ = './proco_resnet50_8xb32-90e_imagenet-lt.py'

model = dict(backbone=dict(type='ResNeXt', groups=32, width_per_group=4))
