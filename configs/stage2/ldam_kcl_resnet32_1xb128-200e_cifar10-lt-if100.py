# Cosine classifier with LDAM loss on the frozen encoder of KCL, CIFAR-10-LT, imbalance factor 100.
#
#     python tools/train.py configs/stage2/ldam_kcl_resnet32_1xb128-200e_cifar10-lt-if100.py
#
# Known and inferred values as in ldam_kcl_resnet32_1xb128-200e_cifar100-lt-if100.py.
# Top-1 of the paper: 77.6. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/cifar10-lt.py',
    '../_base_/models/linear.py',
    '../_base_/schedules/linear-40e.py',
]
stage1_config = 'configs/kcl/kcl_resnet32_1xb1024-1000e_cifar10-lt-if100.py'
load_from = 'work_dirs/kcl_resnet32_1xb1024-1000e_cifar10-lt-if100/epoch_1000.pth'

loss = dict(
    type='ltcl.LDAMLoss', num_classes=_base_.num_classes, scale=30.0, max_margin=0.5, effective_number_beta=0.9999
)
model = dict(
    backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=32),
    head=dict(type='ltcl.CosineClsHead', num_classes=_base_.num_classes, scale=30.0, loss=loss),
)
train_dataloader = dict(dataset=dict(pipeline=[dict(type='ltcl.Views', recipes=['sim_cifar_noblur']), _base_.pack]))
optim_wrapper = dict(optimizer=dict(lr=0.1))
param_scheduler = dict(milestones=[140, 180, 190])
train_cfg = dict(max_epochs=200, val_interval=10)
default_hooks = dict(checkpoint=dict(interval=10), strict_load=dict(ignore=_base_.non_encoder))
