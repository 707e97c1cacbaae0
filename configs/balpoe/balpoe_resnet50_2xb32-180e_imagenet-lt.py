# BalPoE with three experts on ImageNet-LT, ResNet-50.
#
#     tools/dist_train.sh configs/balpoe/balpoe_resnet50_2xb32-180e_imagenet-lt.py 2
#
# All else as in balpoe_resnext50-32x4d_2xb32-180e_imagenet-lt.py. Not run here.
_base_ = './balpoe_resnext50-32x4d_2xb32-180e_imagenet-lt.py'

model = dict(backbone=dict(_delete_=True, type='ResNet', depth=50, zero_init_residual=False))
