# Linear classifier on the frozen encoder of KCL, Fashion-MNIST-LT `small`.
# The published learning rate, 10 for a batch of 2048, scaled to 128.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/fashion-mnist-lt-small.py',
    '../_base_/models/linear.py',
    '../_base_/schedules/linear-20e.py',
]

visualizer = _base_.tracked
stage1_config = 'configs/kcl/kcl_resnet20_1xb128-100e_fashion-mnist-lt-small.py'
load_from = 'work_dirs/kcl_resnet20_1xb128-100e_fashion-mnist-lt-small/epoch_100.pth'

model = dict(
    backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=20, in_channels=1),
    head=dict(num_classes=_base_.num_classes),
)
train_dataloader = dict(sampler=dict(_delete_=True, type='ltcl.ClassAwareSampler', samples_per_class=4))
default_hooks = dict(checkpoint=dict(interval=5), strict_load=dict(ignore=_base_.non_encoder))
