# PaCo on the whole ImageNet with ResNet-200, by the authors' published recipe.
#
#     tools/dist_train.sh configs/paco/paco_resnet200_4xb64-400e_imagenet.py 4
#
# Four GPUs, 64 images on each, float16 (on a CPU --amp runs bfloat16), SGD 0.04. Three operations of RandAugment at
# magnitude 12; the first view is greyed and blurred as well.
# As in its base: no gradient accumulation; batch normalisation of every process by itself; scale the rate linearly with
# the images of a step; seed 0.
# Top-1 of the authors' README: 81.8. Not run here.
_base_ = './paco_resnet50_4xb64-400e_imagenet.py'

model = dict(backbone=dict(type='ltcl.ResNet200', depth=200))
views = dict(type='ltcl.Views', recipes=['randclsstack', 'sim'], size=224, num_layers=3, magnitude=12)
train_dataloader = dict(dataset=dict(pipeline=[_base_.load, views, _base_.pack]))
optim_wrapper = dict(type='AmpOptimWrapper')
