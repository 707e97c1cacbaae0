# Balanced softmax beside supervised contrast, GPaCo's baseline, on ImageNet-LT with ResNeXt-101 32x4d.
#
#     tools/dist_train.sh configs/multi_task/multi-task_resnext101-32x4d_4xb32-400e_imagenet-lt.py 4
#
# By the authors' published recipe: four GPUs, 32 images on each, float32, SGD 0.06; five operations of RandAugment.
# As in its base: no gradient accumulation; batch normalisation of every process by itself; scale the rate linearly with
# the images of a step; seed 0.
# The authors' README gives no accuracy. Not run here.
_base_ = './multi-task_resnext50-32x4d_4xb32-400e_imagenet-lt.py'

model = dict(backbone=dict(depth=101))
views = dict(type='ltcl.Views', recipes=['randcls', 'randclsstack'], size=224, num_layers=5, magnitude=10)
train_dataloader = dict(dataset=dict(pipeline=[_base_.load, views, _base_.pack]))
