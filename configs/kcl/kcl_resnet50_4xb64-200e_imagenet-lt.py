# KCL, stage 1, on ImageNet-LT with ResNet-50: the command of TSC's authors, who wrote the only public code of KCL.
# Exploring Balanced Feature Spaces for Representation Learning, ICLR 2021, https://openreview.net/forum?id=OqtLIabPTit
#
#     tools/dist_train.sh configs/kcl/kcl_resnet50_4xb64-200e_imagenet-lt.py 4
#
# Hardware: 4 GPUs, as in their README (8 in the supplement); float32.
# Batch: 256, 64 on each GPU, no accumulation. 200 epochs of 452 steps; the queue of 65,536 is full after 256.
# Batch norm: on each GPU, the key images dealt out anew (shuffled).
# Rate: 0.1 for the whole batch; for another one, in proportion. Cosine without warm-up, weight decay 1e-4.
# Seed: 0; the original sets none.
# Validation is by k nearest neighbours, every 20 epochs. Stage 2, which the figure is of:
#     tools/dist_train.sh configs/stage2/linear_kcl_resnet50_4xb512-40e_imagenet-lt.py 4
# Top-1 after stage 2 in their README: 51.2, 51.6, 51.5, 51.2, 51.3 (five trials); 51.5 in the supplement. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/imagenet-lt.py',
    '../_base_/models/kcl-queue.py',
    '../_base_/schedules/kcl-200e.py',
]

model = dict(head=dict(num_classes=_base_.num_classes, queue_len=65536, temperature=0.07))
train_pipeline = [_base_.load, dict(type='ltcl.Views', recipes=['regular', 'regular']), _base_.pack]
train_dataloader = dict(batch_size=64, dataset=dict(pipeline=train_pipeline))
val_evaluator = [dict(type='ltcl.KNNAccuracy')]
test_evaluator = val_evaluator
default_hooks = dict(
    checkpoint=dict(save_best='knn/all'),
    feature_bank=dict(type='ltcl.FeatureBankHook'),
    momentum_update=dict(type='ltcl.MomentumUpdateHook', momentum=0.999),
)
