# Cross entropy on ImageNet with ViT-B/16, fine-tuned from MAE by MAE's own recipe: the baseline of GPaCo's paper.
# Masked Autoencoders Are Scalable Vision Learners, CVPR 2022, https://arxiv.org/abs/2111.06377
#
#     tools/dist_train.sh configs/cross_entropy/cross-entropy_vit-base_8xb32-100e_imagenet.py 8
#
# Eight GPUs, 32 images of each, gradients of 4 batches summed: 1,024 images a step; AdamW 2e-3 (5e-4 for 256 images,
# scaled linearly), layer decay 0.65, drop path 0.1; one view with RandAugment and erasing, mixup 0.8 or cutmix 1.0 on
# the batch, label smoothing 0.1. Half precision: published in float16, here bfloat16 (--amp float16 takes the other).
# It starts from MAE's encoder, converted as docs/checkpoints.md says; without the file: --cfg-options load_from=None
# Top-1 of the GPaCo authors' README: 83.6. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/imagenet.py',
    '../_base_/models/vit-base.py',
    '../_base_/schedules/vit-100e.py',
]
load_from = 'checkpoints/mae_pretrain_vit_base.ltcl.pth'

model = dict(train_cfg=dict(augments=[dict(type='Mixup', alpha=0.8), dict(type='CutMix', alpha=1.0)]))
erase = dict(
    type='RandomErasing',
    erase_prob=0.25,
    mode='rand',
    min_area_ratio=0.02,
    max_area_ratio=1 / 3,
    fill_color=_base_.data_preprocessor.mean,
    fill_std=_base_.data_preprocessor.std,
)
train_pipeline = [_base_.load, dict(type='ltcl.Views', recipes=['mae'], size=224), erase, _base_.pack]
test_pipeline = [
    _base_.load,
    dict(type='ltcl.EvalView', resize=256, size=224, interpolation='bicubic'),
    _base_.pack,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
default_hooks = dict(strict_load=dict(ignore=[r'^(?!backbone\.)', r'^backbone\.ln2\.']))  # norm and classifier are new
