# PaCo on CIFAR-100-LT, imbalance factor 100, by the authors' published recipe.
# Parametric Contrastive Learning, ICCV 2021, https://arxiv.org/abs/2107.12028
#
#     python tools/train.py configs/paco/paco_resnet32_1xb128-400e_cifar100-lt-if100.py
#
# One GPU, batch 128, float32; SGD 0.05, decayed after epochs 320 and 360; 400 epochs of 84 steps. The 10 epochs of
# warm-up run one epoch too far, to 1.1 times the rate, as published.
# Top-1 of the paper at imbalance factor 10 / 50 / 100: 64.2 / 56.0 / 52.0. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/cifar100-lt.py',
    '../_base_/models/paco.py',
    '../_base_/schedules/cifar-400e.py',
]

model = dict(
    backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=32),
    projector=dict(out_channels=32, kaiming_last=True),
    head=dict(num_classes=_base_.num_classes, queue_len=1024, alpha=0.01, temperature=0.05),
)
views = dict(type='ltcl.Views', recipes=['regular_cifar', 'sim_cifar'], size=32)
train_dataloader = dict(dataset=dict(pipeline=[views, _base_.pack]))
default_hooks = dict(momentum_update=dict(type='ltcl.MomentumUpdateHook', momentum=0.999))
