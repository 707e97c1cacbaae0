# PaCo on the whole ImageNet with ResNet-101, by the authors' published recipe.
#
#     tools/dist_train.sh configs/paco/paco_resnet101_4xb64-400e_imagenet.py 4
#
# Four GPUs, 64 images on each, float32, SGD 0.04.
# As in its base: no gradient accumulation; batch normalisation of every process by itself; scale the rate linearly with
# the images of a step; seed 0.
# Top-1 of the authors' README: 80.9. Not run here.
_base_ = './paco_resnet50_4xb64-400e_imagenet.py'

model = dict(backbone=dict(depth=101))
