# Cross entropy beside supervised contrast, GPaCo's baseline, on the whole CIFAR-100 with ResNet-50.
#
#     python tools/train.py configs/multi_task/multi-task_resnet50_1xb128-400e_cifar100.py
#
# By the authors' published recipe: one GPU, 128 images, float32, SGD 0.05; GPaCo's views.
# As GPaCo's: no gradient accumulation; batch normalisation of every process by itself; scale the rate linearly with
# the images of a step; seed 0.
# Top-1 of the authors' README: 79.1. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/cifar100.py',
    '../_base_/models/multi-task.py',
    '../_base_/schedules/cifar-400e.py',
]

model = dict(
    backbone=dict(type='ResNet_CIFAR'),  # a 3x3 stem of stride 1 without pooling, then the four stages of ResNet-50
    head=dict(num_classes=_base_.num_classes, queue_len=1024, temperature=0.07, loss=dict(type='CrossEntropyLoss')),
)
views = dict(type='ltcl.Views', recipes=['sim_cifar', 'sim_cifar'], size=32)
train_dataloader = dict(dataset=dict(pipeline=[views, _base_.pack]))
