# ProCo on Fashion-MNIST-LT `small`.
# Probabilistic Contrastive Learning for Long-Tailed Visual Recognition, TPAMI 2024, https://arxiv.org/abs/2403.06726
#
#     python tools/train.py configs/proco/proco_resnet20_1xb128-100e_fashion-mnist-lt-small.py
#
# alpha, temperature and the linear classifier are those of the CIFAR recipe beside this file, the width of the
# embeddings is that of the other methods here; nothing was tuned.
# Result: 80.5 ± 0.6 (many 89.6, medium 63.6, few 85.3), seeds 0, 1, 2, last epoch.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/fashion-mnist-lt-small.py',
    '../_base_/models/bcl.py',
    '../_base_/schedules/fashion-100e.py',
]

visualizer = _base_.tracked
model = dict(
    backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=20, in_channels=1),
    projector=dict(out_channels=32),
    head=dict(type='ltcl.ProCoHead', num_classes=_base_.num_classes, temperature=0.1, cosine_scale=None),
)
train_pipeline = [dict(type='ltcl.Views', recipes=['fashion'] * 3), dict(type='PackInputs')]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
# An epoch takes seconds; Ctrl-C saves a checkpoint of its own.
default_hooks = dict(checkpoint=dict(interval=10), class_means=dict(type='ltcl.ClassMeansHook'))
