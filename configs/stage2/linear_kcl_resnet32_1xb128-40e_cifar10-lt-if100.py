# Linear classifier on the frozen encoder of KCL, CIFAR-10-LT, imbalance factor 100.
#
#     python tools/train.py configs/stage2/linear_kcl_resnet32_1xb128-40e_cifar10-lt-if100.py
#
# One GPU, batch 128, seed 0, ...: as linear_kcl_resnet32_1xb128-40e_cifar100-lt-if100.py, inferred from ImageNet-LT.
# Top-1 of the paper by its own stage 2: 77.6. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/cifar10-lt.py',
    '../_base_/models/linear.py',
    '../_base_/schedules/linear-40e.py',
]
stage1_config = 'configs/kcl/kcl_resnet32_1xb1024-1000e_cifar10-lt-if100.py'
load_from = 'work_dirs/kcl_resnet32_1xb1024-1000e_cifar10-lt-if100/epoch_1000.pth'

model = dict(backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=32), head=dict(num_classes=_base_.num_classes))
train_dataloader = dict(
    sampler=dict(_delete_=True, type='ltcl.ClassAwareSampler', samples_per_class=4),
    dataset=dict(pipeline=[dict(type='ltcl.Views', recipes=['sim_cifar_noblur']), _base_.pack]),
)
optim_wrapper = dict(optimizer=dict(lr=0.625))
default_hooks = dict(checkpoint=dict(interval=10), strict_load=dict(ignore=_base_.non_encoder))
