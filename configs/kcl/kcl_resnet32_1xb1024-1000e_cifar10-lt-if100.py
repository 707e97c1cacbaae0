# KCL, stage 1, on CIFAR-10-LT, imbalance factor 100, by the recipe in the supplement of the TSC paper.
# Exploring Balanced Feature Spaces for Representation Learning, ICLR 2021, https://openreview.net/forum?id=OqtLIabPTit
# Targeted Supervised Contrastive Learning for Long-Tailed Recognition, CVPR 2022, https://arxiv.org/abs/2111.13998
#
#     python tools/train.py configs/kcl/kcl_resnet32_1xb1024-1000e_cifar10-lt-if100.py
#
# As on CIFAR-100-LT: one GPU, batch 1024, rate 0.5, K = 6, seed 0 (kcl_resnet32_1xb1024-1000e_cifar100-lt-if100.py).
# 1,000 epochs of 13 steps.
# Stage 2: python tools/train.py configs/stage2/linear_kcl_resnet32_1xb128-40e_cifar10-lt-if100.py
# Top-1 of the paper: 77.6. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/cifar10-lt.py',
    '../_base_/models/kcl-in-batch.py',
    '../_base_/schedules/kcl-cifar-1000e.py',
]

model = dict(
    backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=32, init_cfg=_base_.pytorch_init),
    head=dict(num_classes=_base_.num_classes, temperature=0.07),
)
train_pipeline = [dict(type='ltcl.Views', recipes=['sim_cifar_noblur', 'sim_cifar_noblur']), _base_.pack]
train_dataloader = dict(batch_size=1024, drop_last=False, dataset=dict(pipeline=train_pipeline))
val_evaluator = [dict(type='ltcl.KNNAccuracy')]
test_evaluator = val_evaluator
default_hooks = dict(checkpoint=dict(interval=10, save_best='knn/all'), feature_bank=dict(type='ltcl.FeatureBankHook'))
