# ResCom on Places-LT with ResNet-152. The authors name the set, but released neither recipe, network nor figure.
# Rebalanced Siamese Contrastive Mining for Long-Tailed Recognition, https://arxiv.org/abs/2203.11506
#
#     tools/dist_train.sh configs/resco/rescom_resnet152_8xb32-30e_places-lt.py 8
#
# Known: 8 GPUs, a cosine, the views and their normalisation.
# Inferred from PaCo's recipe for these images: ResNet-152 from torchvision's ImageNet weights (docs/checkpoints.md), of
#   whose convolutions only those of the last block are trained, 30 epochs, 5 of warm-up, rate 0.02 for 128 images.
# Inferred from ImageNet-LT (rescom_resnet50_8xb32-400e_imagenet-lt.py): the rest, with a queue row of each of the 364
#   other classes.
# Hardware: 8 GPUs, 32 images on each, no accumulation, 244 steps an epoch; float32. Images are contrasted within a GPU.
# Batch norm: on each GPU, over both views.
# Rate: 0.04 for the whole batch of 256; for another one, in proportion.
# Seed: 0; none is known of the original.
# No result is published. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/places-lt.py',
    '../_base_/models/rescom.py',
    '../_base_/schedules/resco-400e.py',
]
load_from = 'checkpoints/resnet152-394f9c45.ltcl.pth'

model = dict(
    frozen=[r'^backbone\.(?!layer4\.2\.).*(conv\d|downsample\.0)\.weight$'],
    backbone=dict(depth=152),
    head=dict(num_classes=_base_.num_classes, queue_per_class=4, num_hard_negatives=364),
)
train_pipeline = [_base_.load, dict(type='ltcl.Views', recipes=['resco', 'resco']), _base_.pack]
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=train_pipeline))
max_epochs = 30
warmup_epochs = 5
optim_wrapper = dict(optimizer=dict(lr=0.04))
param_scheduler = [
    dict(type='LinearLR', start_factor=1 / warmup_epochs, end=warmup_epochs),
    dict(
        type='CosineAnnealingLR',
        T_max=max_epochs - warmup_epochs,
        begin=warmup_epochs - 1,
        end=max_epochs,
        eta_min_ratio=1e-5,
    ),
]
train_cfg = dict(max_epochs=max_epochs, val_interval=1)
default_hooks = dict(strict_load=dict(ignore=_base_.non_encoder))
