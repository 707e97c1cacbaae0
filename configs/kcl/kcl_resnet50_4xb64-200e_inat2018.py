# KCL, stage 1, on iNaturalist 2018 with ResNet-50. The authors of the code say "change the dataset"; no recipe.
# Exploring Balanced Feature Spaces for Representation Learning, ICLR 2021, https://openreview.net/forum?id=OqtLIabPTit
#
#     tools/dist_train.sh configs/kcl/kcl_resnet50_4xb64-200e_inat2018.py 4
#
# Inferred from ImageNet-LT: everything but the images and their normalisation (kcl_resnet50_4xb64-200e_imagenet-lt.py:
# 4 GPUs with 64 images each, shuffled batch norm, rate 0.1, seed 0). 200 epochs of 1,709 steps.
# Validation by k nearest neighbours keeps 437,513 features of 2048 numbers, 3.6 GB and once more while it votes.
# Stage 2: tools/dist_train.sh configs/stage2/linear_kcl_resnet50_4xb512-40e_inat2018.py 4
# No result of this code is published. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/inat2018.py',
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
