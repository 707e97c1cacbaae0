# BCL on ImageNet-LT with ResNeXt-50 32x4d, RandAugment on the first of the two contrasted views.
#
#     tools/dist_train.sh configs/bcl/bcl_resnext50-32x4d_4xb64-90e_imagenet-lt-sim-rand.py 4
#
# Four GPUs. Top-1 of the authors' README: 57.2. Not run here.
_base_ = './bcl_resnext50-32x4d_4xb64-90e_imagenet-lt-sim-sim.py'

train_pipeline = [
    _base_.load,
    dict(type='MultiView', num_views=[1, 1, 1], transforms=[_base_.cls_view, _base_.rand_view, _base_.sim_view]),
    dict(type='PackInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
