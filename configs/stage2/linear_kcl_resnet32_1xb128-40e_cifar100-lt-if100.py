# Linear classifier on the frozen encoder of KCL, CIFAR-100-LT, imbalance factor 100. Not run here.
#
# The published stage 2 on CIFAR (LDAM loss, class re-weighting, 200 epochs) is not released. This is the recipe of the
# larger sets: 40 epochs, a tenth of the rate after 20 and 30, the rate of a batch of 2048 scaled to 128.
_base_ = [
    '../_base_/stage2_runtime.py',
    '../_base_/datasets/cifar100-lt.py',
    '../_base_/models/resnet32-cifar.py',
    '../_base_/schedules/linear-20e.py',
]
stage1_config = 'configs/kcl/kcl_resnet32_1xb1024-1000e_cifar100-lt-if100.py'
load_from = 'work_dirs/kcl_resnet32_1xb1024-1000e_cifar100-lt-if100/epoch_1000.pth'

model = dict(
    type='ltcl.FrozenEncoderClassifier',
    head=dict(_delete_=True, type='LinearClsHead', num_classes=100, in_channels=64),
)
train_dataloader = dict(
    sampler=dict(_delete_=True, type='ltcl.ClassAwareSampler', samples_per_class=4),
    dataset=dict(pipeline=[*_base_.sim_unblurred, dict(type='PackInputs')]),
)
param_scheduler = dict(milestones=[20, 30])
train_cfg = dict(max_epochs=40, val_interval=10)
default_hooks = dict(checkpoint=dict(interval=10))
