# GPaCo on iNaturalist 2018 with ResNet-152, by the authors' published recipe.
#
#     tools/dist_train.sh configs/gpaco/gpaco_resnet152_4xb32-400e_inat2018.py 4
#
# Four GPUs, 32 images on each, float32, SGD 0.04.
# As in its base: no gradient accumulation; batch normalisation of every process by itself; scale the rate linearly with
# the images of a step; seed 0.
# Top-1 of the authors' README: 78.1; 79.8 for an ensemble of two models (README.md has the command). Not run here.
_base_ = './gpaco_resnet50_8xb16-400e_inat2018.py'

model = dict(backbone=dict(depth=152))
train_dataloader = dict(batch_size=32)
