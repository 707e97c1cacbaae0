# MiSLAS on Fashion-MNIST-LT `small`: stage 2.
# Improving Calibration for Long-Tailed Recognition, CVPR 2021, https://arxiv.org/abs/2104.00466
#
#     python tools/train.py configs/mislas/mislas_resnet20_1xb128-20e_fashion-mnist-lt-small.py
#
# Rates and smoothing are those of CIFAR-100-LT with imbalance factor 100; nothing was tuned.
# Result: 77.6 ± 0.5 (many 84.6, medium 66.8, few 79.1), seeds 0, 1, 2, last epoch.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/fashion-mnist-lt-small.py',
    '../_base_/models/linear.py',
    '../_base_/schedules/linear-20e.py',
]

visualizer = _base_.tracked
stage1_config = 'configs/mislas/mixup_resnet20_1xb128-100e_fashion-mnist-lt-small.py'
load_from = 'work_dirs/mixup_resnet20_1xb128-100e_fashion-mnist-lt-small/epoch_100.pth'

model = dict(
    backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=20, in_channels=1),
    head=dict(
        _delete_=True,
        type='ltcl.LWSHead',
        num_classes=_base_.num_classes,
        train_classifier=True,
        loss=dict(
            type='ltcl.LabelAwareSmoothingLoss', num_classes=_base_.num_classes, smooth_head=0.4, smooth_tail=0.1
        ),
    ),
)
train_dataloader = dict(sampler=dict(_delete_=True, type='ltcl.ClassAwareSampler', samples_per_class=1))
optim_wrapper = dict(
    optimizer=dict(lr=0.1, weight_decay=2e-4), paramwise_cfg=dict(custom_keys={'head.fc': dict(lr_mult=0.2)})
)
param_scheduler = dict(_delete_=True, type='CosineAnnealingLR', T_max=20)
# The classifier is loaded as well.
default_hooks = dict(checkpoint=dict(interval=5), strict_load=dict(ignore=[r'^(?!backbone\.|neck\.|head\.fc\.)']))
