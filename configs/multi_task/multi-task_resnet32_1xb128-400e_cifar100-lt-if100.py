# Balanced softmax beside supervised contrast, GPaCo's baseline: CIFAR-100-LT, imbalance factor 100.
#
#     python tools/train.py configs/multi_task/multi-task_resnet32_1xb128-400e_cifar100-lt-if100.py
#
# The frame of PaCo's CIFAR-LT script, so that methods compare: ResNet-32, one GPU, batch 128, float32, SGD 0.05, 400
# epochs. Both views are AutoAugment's with a hole, as GPaCo's authors have them for this baseline on unbalanced CIFAR.
# Projector and queue are those of our GPaCo config. No temperature is published for it on CIFAR-LT: 0.2 is that of
# multi-task on ImageNet-LT, while our GPaCo config has 0.05 from PaCo's script. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/cifar100-lt.py',
    '../_base_/models/multi-task.py',
    '../_base_/schedules/cifar-400e.py',
]

loss = dict(type='ltcl.BalancedSoftmaxLoss', num_classes=_base_.num_classes)
model = dict(
    backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=32),
    projector=dict(out_channels=32, kaiming_last=True),
    head=dict(num_classes=_base_.num_classes, queue_len=1024, temperature=0.2, loss=loss),
)
views = dict(type='ltcl.Views', recipes=['regular_cifar', 'regular_cifar'], size=32)
train_dataloader = dict(dataset=dict(pipeline=[views, _base_.pack]))
