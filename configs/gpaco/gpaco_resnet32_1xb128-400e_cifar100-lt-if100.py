# GPaCo on CIFAR-100-LT, imbalance factor 100.
# Generalized Parametric Contrastive Learning, TPAMI 2023, https://arxiv.org/abs/2209.12400
#
#     python tools/train.py configs/gpaco/gpaco_resnet32_1xb128-400e_cifar100-lt-if100.py
#
# The authors report CIFAR-LT in the paper but never released a script for it. So this recipe is put together:
#   from PaCo's CIFAR-LT script: alpha 0.01, temperature 0.05, queue 1024, embedding 32, ResNet-32;
#   from GPaCo's CIFAR scripts: the views for unbalanced data (the second one blurred with probability 0.2), a projector
#   of three layers without norm, both views trained, no momentum encoder, no label smoothing;
#   the same in both: one GPU, batch 128, float32, SGD 0.05 decayed after epochs 320 and 360, 400 epochs (of 84 steps
#   here), 10 epochs of warm-up that run one epoch too far, to 1.1 times the rate.
# No result is stated, since no released run stands behind it. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/cifar100-lt.py',
    '../_base_/models/gpaco.py',
    '../_base_/schedules/cifar-400e.py',
]

model = dict(
    backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=32),
    projector=dict(out_channels=32, kaiming_last=True),
    head=dict(num_classes=_base_.num_classes, queue_len=1024, alpha=0.01, temperature=0.05),
)
views = dict(type='ltcl.Views', recipes=['regular_cifar', 'sim_cifar_weakblur'], size=32)
train_dataloader = dict(dataset=dict(pipeline=[views, _base_.pack]))
