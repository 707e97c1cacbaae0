# BCL on ImageNet-LT with ResNeXt-50 32x4d, RandAugment on the first of the two contrasted views.
#
#     tools/dist_train.sh configs/bcl/bcl_resnext50-32x4d_4xb64-90e_imagenet-lt-sim-rand.py 4
#
# 4 GPUs. Batch, batch norm, rate and seed as in the sim-sim recipe beside this file.
# Top-1 of the authors' README: 57.2. Not run here.
_base_ = './bcl_resnet50_4xb64-90e_imagenet-lt-sim-sim.py'

model = dict(backbone=dict(type='ResNeXt', groups=32, width_per_group=4))
train_pipeline = [_base_.load, dict(type='ltcl.Views', recipes=['randcls', 'bcl_rand', 'bcl_sim']), _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
