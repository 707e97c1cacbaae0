# Cosine classifier with LDAM loss on the frozen encoder of KCL, CIFAR-100-LT, imbalance factor 100: the stage 2 that
# the figures of the TSC paper for CIFAR come from.
# Targeted Supervised Contrastive Learning for Long-Tailed Recognition, CVPR 2022, https://arxiv.org/abs/2111.13998
# Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss, https://arxiv.org/abs/1906.07413
#
#     python tools/train.py configs/stage2/ldam_kcl_resnet32_1xb128-200e_cifar100-lt-if100.py
#
# Known from the supplement, no code is released: LDAM loss with classes re-weighed, 200 epochs, batch 128, rate 0.1, a
#   tenth of it from epoch 140, 180 and 190.
# Inferred from LDAM's own code: scale 30, largest margin 0.5, weights by effective number (0.9999).
# Inferred from stage 2 on larger sets: frozen encoder, momentum 0.9, no weight decay, batch norm in train mode, view of
#   stage 1. Natural sampling, since the loss weighs the classes.
# Hardware: one GPU; float32.
# Batch: 128, no accumulation. 200 epochs of 84 steps.
# Rate: for the whole batch; for another one, in proportion.
# Seed: 0; none is known of the original.
# Top-1 of the paper: 42.8. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/cifar100-lt.py',
    '../_base_/models/linear.py',
    '../_base_/schedules/linear-40e.py',
]
stage1_config = 'configs/kcl/kcl_resnet32_1xb1024-1000e_cifar100-lt-if100.py'
load_from = 'work_dirs/kcl_resnet32_1xb1024-1000e_cifar100-lt-if100/epoch_1000.pth'

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
