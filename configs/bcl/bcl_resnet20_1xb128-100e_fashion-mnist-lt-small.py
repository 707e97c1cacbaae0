# BCL on Fashion-MNIST-LT `small`.
# Balanced Contrastive Learning for Long-Tailed Visual Recognition, CVPR 2022, https://arxiv.org/abs/2207.09052
#
#     python tools/train.py configs/bcl/bcl_resnet20_1xb128-100e_fashion-mnist-lt-small.py
#
# Test accuracy of the last epoch, seeds 0, 1, 2: 80.9 ± 0.2.
# alpha and beta are those of ImageNet-LT, the temperature that of the CIFAR recipe beside this file.
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
    head=dict(num_classes=_base_.num_classes, alpha=1.0, beta=0.35, temperature=0.1),
)
train_pipeline = [dict(type='ltcl.Views', recipes=['fashion'] * 3), dict(type='PackInputs')]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
default_hooks = dict(checkpoint=dict(interval=10))  # an epoch takes seconds; Ctrl-C saves a checkpoint of its own
