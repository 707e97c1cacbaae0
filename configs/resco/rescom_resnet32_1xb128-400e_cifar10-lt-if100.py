# ResCom on CIFAR-10-LT, imbalance factor 100. The authors report it, but released no recipe.
# Rebalanced Siamese Contrastive Mining for Long-Tailed Recognition, https://arxiv.org/abs/2203.11506
#
#     python tools/train.py configs/resco/rescom_resnet32_1xb128-400e_cifar10-lt-if100.py
#
# Inferred from CIFAR-100-LT: everything (one GPU, batch 128, rate 0.1, seed 0, ...; see
# rescom_resnet32_1xb128-400e_cifar100-lt-if100.py). Its 400 hard negatives are two fifths of the queue rows of other
# classes; here are 90 of them, so 36 are taken. 400 epochs of 96 steps.
# The authors report 84.9, for the best epoch on the test images. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/cifar10-lt.py',
    '../_base_/models/rescom.py',
    '../_base_/schedules/rescom-cifar-400e.py',
]

model = dict(
    backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=32),
    projector=dict(out_channels=32),
    head=dict(
        num_classes=_base_.num_classes, queue_per_class=10, num_hard_negatives=36, effective_number_beta=0.999999
    ),
)
train_pipeline = [dict(type='ltcl.Views', recipes=['regular_cifar', 'regular_cifar']), _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
