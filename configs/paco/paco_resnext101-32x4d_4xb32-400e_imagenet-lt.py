# PaCo on ImageNet-LT with ResNeXt-101 32x4d, by the authors' published recipe.
#
#     tools/dist_train.sh configs/paco/paco_resnext101-32x4d_4xb32-400e_imagenet-lt.py 4
#
# Four GPUs, 32 images on each, float32, SGD 0.03. Three operations of RandAugment; the first view is greyed and
# blurred as well.
# As in its base: no gradient accumulation; batch normalisation of every process by itself; scale the rate linearly with
# the images of a step; seed 0.
# Top-1 of the authors' README: 60.0. Not run here.
_base_ = './paco_resnet50_4xb32-400e_imagenet-lt.py'

model = dict(backbone=dict(type='ResNeXt', depth=101, groups=32, width_per_group=4))
views = dict(type='ltcl.Views', recipes=['randclsstack', 'sim'], size=224, num_layers=3, magnitude=10)
train_dataloader = dict(dataset=dict(pipeline=[_base_.load, views, _base_.pack]))
optim_wrapper = dict(optimizer=dict(lr=0.03))
