# Cross entropy beside supervised contrast, GPaCo's baseline, on the whole CIFAR-100 with ResNet-50.
#
#     python tools/train.py configs/multi_task/multi-task_resnet50_1xb128-400e_cifar100.py
#
# By the authors' published recipe: one GPU, 128 images, float32, SGD 0.05; GPaCo's views.
# As in its base: no gradient accumulation; batch normalisation of every process by itself; scale the rate linearly with
# the images of a step; seed 0.
# Top-1 of the authors' README: 79.1. Not run here.
_base_ = '../gpaco/gpaco_resnet50_1xb128-400e_cifar100.py'

model = dict(
    head=dict(
        _delete_=True,
        type='ltcl.MultiTaskHead',
        num_classes=100,
        in_channels=2048,
        feat_dim=128,
        queue_len=1024,
        alpha=0.5,
        temperature=0.07,
        loss=dict(type='CrossEntropyLoss'),
    )
)
