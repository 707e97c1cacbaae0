# KCL, stage 1, on CIFAR-100-LT, imbalance factor 100, by the recipe in the supplement of the TSC paper.
# Exploring Balanced Feature Spaces for Representation Learning, ICLR 2021, https://openreview.net/forum?id=OqtLIabPTit
# Targeted Supervised Contrastive Learning for Long-Tailed Recognition, CVPR 2022, https://arxiv.org/abs/2111.13998
#
#     python tools/train.py configs/kcl/kcl_resnet32_1xb1024-1000e_cifar100-lt-if100.py
#
# The contrast is within the batch: no queue, no momentum encoder.
# Hardware: one GPU; float32.
# Batch: 1024, no accumulation; the last one is smaller. 1,000 epochs of 11 steps.
# Batch norm: over both views of the batch.
# Rate: 0.5 after 10 epochs of warm-up by iteration; cosine.
# Seed: 0; that of the draw of images, 0 as well, is published.
# The supplement gives epochs, batch, rate and cosine; the rest is the released script's default, and K = 6 that of
# ImageNet-LT (the script's default is all).
# Stage 2: python tools/train.py configs/stage2/linear_kcl_resnet32_1xb128-40e_cifar100-lt-if100.py
# Top-1 of the paper: 42.8. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/cifar100-lt.py',
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
