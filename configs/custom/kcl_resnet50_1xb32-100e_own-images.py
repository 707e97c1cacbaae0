# KCL, stage 1, on your own images with ResNet-50.
# Exploring Balanced Feature Spaces for Representation Learning, ICLR 2021, https://openreview.net/forum?id=OqtLIabPTit
#
#     make train CONFIG=configs/custom/kcl_resnet50_1xb32-100e_own-images.py \
#       ARGS="--cfg-options data_root=data/birds"
#
# Then stage 2, the classifier: linear_kcl_resnet50_1xb32-40e_own-images.py.
# Hardware: one GPU, 32 images a step, a second view through a momentum encoder without gradients; float32.
# KCL's recipe for ImageNet-LT with 32 images a step instead of 256, an eighth of the rate, 100 epochs instead of 200.
# Queue, positives and momentum are those for 3,000 images; --fit-recipe chooses them, batch and epochs by your images
# (docs/recipes.md).
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/own-images.py',
    '../_base_/models/kcl-queue.py',
    '../_base_/schedules/own-100e.py',
]

model = dict(head=dict(num_classes=_base_.num_classes, queue_len=1024, temperature=0.07))
views = dict(type='ltcl.Views', recipes=['regular', 'regular'], size=224, backend='opencv')
train_dataloader = dict(dataset=dict(pipeline=[_base_.load, views, _base_.pack]))
val_evaluator = [dict(type='ltcl.KNNAccuracy')]
test_evaluator = val_evaluator
optim_wrapper = dict(optimizer=dict(lr=0.0125, weight_decay=1e-4))
param_scheduler = dict(warmup_epochs=0)
default_hooks = dict(
    checkpoint=dict(interval=5, save_best='knn/all'),
    logger=dict(interval=20),
    strict_load=dict(ignore=_base_.non_encoder),
    feature_bank=dict(type='ltcl.FeatureBankHook'),
    momentum_update=dict(type='ltcl.MomentumUpdateHook', momentum=0.999),
)
