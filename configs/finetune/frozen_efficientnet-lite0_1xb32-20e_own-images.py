# EfficientNet-Lite0, frozen, on your own images: a head with one hidden layer on features that are computed once.
#
#     python tools/train.py configs/finetune/frozen_efficientnet-lite0_1xb32-20e_own-images.py \
#       --cfg-options data_root=data/birds
#
# What `--tune frozen --head hidden` makes of it. The first run sends every image through the encoder twice, as it is
# and mirrored; all others find the features in the cache and take seconds. Hardware: a CPU; 32 rows a step, float32.
# Balanced softmax. Not tuned. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/own-images.py',
    '../_base_/models/efficientnet-lite0.py',
    '../_base_/schedules/finetune-20e.py',
]

model = dict(
    backbone=dict(_delete_=True, type='ltcl.FrozenBackbone', encoder=_base_.model.backbone, pooling=None),
    neck=dict(_delete_=True, type='ltcl.FeatureMLP', hidden=512, dropout=0.5),
    head=dict(
        _delete_=True,
        type='LinearClsHead',
        num_classes=_base_.num_classes,
        loss=dict(type='ltcl.BalancedSoftmaxLoss', num_classes=_base_.num_classes),
        init_cfg=None,
    ),
)
data_preprocessor = dict(mean=[127.0] * 3, std=[128.0] * 3, channels_last=True)
features = dict(type='ltcl.CachedFeatures', pipeline=_base_.test_pipeline, num_workers=4)
rows = dict(num_workers=0, persistent_workers=False)
train_images = dict(**_base_.images, split='train', pipeline=_base_.train_pipeline)
val_images = dict(**_base_.images, split='val', pipeline=_base_.test_pipeline)
test_images = dict(**_base_.images, split='test', pipeline=_base_.test_pipeline)
train_dataloader = dict(**rows, dataset=dict(_delete_=True, **features, dataset=train_images, num_views=1))
val_dataloader = dict(**rows, batch_size=512, dataset=dict(_delete_=True, **features, dataset=val_images))
test_dataloader = dict(dataset=dict(_delete_=True, **features, dataset=test_images))
default_hooks = dict(feature_cache=dict(type='ltcl.FeatureCacheHook'))
