# Linear classifier on the frozen encoder of KCL, CIFAR-100-LT, imbalance factor 100.
#
#     python tools/train.py configs/stage2/linear_kcl_resnet32_1xb128-40e_cifar100-lt-if100.py
#
# The published stage 2 on CIFAR (LDAM loss, class re-weighting, 200 epochs) is not released. This is the recipe of the
# larger sets, inferred from linear_kcl_resnet50_4xb512-40e_imagenet-lt.py: 40 epochs, a tenth of the rate after 20 and
# 30.
# Hardware: one GPU; float32.
# Batch: 128, no accumulation; four images of a class in a row, the classes in turn.
# Batch norm: in train mode.
# Rate: 10 for a batch of 2048, in proportion 0.625 for 128. No weight decay.
# Seed: 0.
# Top-1 of the paper by its own stage 2: 42.8. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/cifar100-lt.py',
    '../_base_/models/linear.py',
    '../_base_/schedules/linear-40e.py',
]
stage1_config = 'configs/kcl/kcl_resnet32_1xb1024-1000e_cifar100-lt-if100.py'
load_from = 'work_dirs/kcl_resnet32_1xb1024-1000e_cifar100-lt-if100/epoch_1000.pth'

model = dict(backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=32), head=dict(num_classes=_base_.num_classes))
train_dataloader = dict(
    sampler=dict(_delete_=True, type='ltcl.ClassAwareSampler', samples_per_class=4),
    dataset=dict(pipeline=[dict(type='ltcl.Views', recipes=['sim_cifar_noblur']), _base_.pack]),
)
optim_wrapper = dict(optimizer=dict(lr=0.625))
default_hooks = dict(checkpoint=dict(interval=10), strict_load=dict(ignore=_base_.non_encoder))
