# BalPoE with three experts on Fashion-MNIST-LT `small`.
# Balanced Product of Calibrated Experts for Long-Tailed Recognition, CVPR 2023, https://arxiv.org/abs/2206.05260
#
#     python tools/train.py configs/balpoe/balpoe_resnet20_1xb128-100e_fashion-mnist-lt-small.py
#
# Taus, scale and mixup are those of CIFAR-100-LT; nothing was tuned.
# Result: 80.4 ± 1.2 (many 89.6, medium 62.8, few 85.7), seeds 0, 1, 2, last epoch.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/fashion-mnist-lt-small.py',
    '../_base_/models/classifier.py',
    '../_base_/schedules/fashion-100e.py',
]

visualizer = _base_.tracked
data_preprocessor = dict(batch_augments=dict(augments=dict(type='Mixup', alpha=0.4)))
model = dict(
    backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=20, in_channels=1),
    head=dict(_delete_=True, type='ltcl.BalPoEHead', num_classes=_base_.num_classes, taus=(0.0, 1.0, 2.0)),
)
default_hooks = dict(checkpoint=dict(interval=10))  # an epoch takes seconds; Ctrl-C saves a checkpoint of its own
