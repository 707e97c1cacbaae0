# Balanced softmax beside supervised contrast, GPaCo's baseline, on ImageNet-LT with ResNeXt-50 32x4d.
# Generalized Parametric Contrastive Learning, TPAMI 2023, https://arxiv.org/abs/2209.12400
#
#     tools/dist_train.sh configs/multi_task/multi-task_resnext50-32x4d_4xb32-400e_imagenet-lt.py 4
#
# By the authors' published recipe: four GPUs, 32 images on each, float32, SGD 0.06; GPaCo's views.
# As GPaCo's: no gradient accumulation; batch normalisation of every process by itself; scale the rate linearly with
# the images of a step; seed 0.
# The authors' README gives no accuracy. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/imagenet-lt.py',
    '../_base_/models/multi-task.py',
    '../_base_/schedules/cosine-400e.py',
]

loss = dict(type='ltcl.BalancedSoftmaxLoss', num_classes=_base_.num_classes)
model = dict(
    backbone=dict(type='ResNeXt', groups=32, width_per_group=4),
    head=dict(num_classes=_base_.num_classes, queue_len=8192, temperature=0.2, loss=loss),
)
views = dict(type='ltcl.Views', recipes=['randcls', 'randclsstack'], size=224, num_layers=3, magnitude=10)
train_dataloader = dict(dataset=dict(pipeline=[_base_.load, views, _base_.pack]))
optim_wrapper = dict(optimizer=dict(lr=0.06))
