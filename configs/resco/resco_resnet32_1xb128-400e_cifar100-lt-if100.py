# ResCo on CIFAR-100-LT, imbalance factor 100.
# Rebalanced Siamese Contrastive Mining for Long-Tailed Recognition, https://arxiv.org/abs/2203.11506
#
#     python tools/train.py configs/resco/resco_resnet32_1xb128-400e_cifar100-lt-if100.py
#
# ResCo was published for ImageNet-LT only. Network, views and schedule are ResCom's for CIFAR-100-LT; queues, effective
# number, temperature and weight of the contrast are those of ResCo's command for ImageNet-LT.
# No result is stated, since no released run stands behind it. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/cifar100-lt.py',
    '../_base_/models/resco.py',
    '../_base_/schedules/rescom-cifar-400e.py',
]

model = dict(
    backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=32),
    projector=dict(out_channels=32),
    head=dict(num_classes=_base_.num_classes),
)
train_pipeline = [dict(type='ltcl.Views', recipes=['regular_cifar', 'regular_cifar']), _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
