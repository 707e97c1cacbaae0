# ResCom on ImageNet-LT with ResNeXt-50 32x4d. The authors report it, but released no recipe.
#
#     tools/dist_train.sh configs/resco/rescom_resnext50-32x4d_8xb32-400e_imagenet-lt.py 8
#
# All but the network is inferred as for ResNet-50, see rescom_resnet50_8xb32-400e_imagenet-lt.py.
# Authors' README: 59.2 (59.5 with the second stage of MiSLAS). Not run here.
_base_ = './rescom_resnet50_8xb32-400e_imagenet-lt.py'

model = dict(backbone=dict(type='ResNeXt', groups=32, width_per_group=4))
