# GPaCo on Places-LT with ResNet-152 pre-trained on ImageNet, by the authors' published recipe.
# Generalized Parametric Contrastive Learning, TPAMI 2023, https://arxiv.org/abs/2209.12400
#
#     tools/dist_train.sh configs/gpaco/gpaco_resnet152_4xb32-30e_places-lt.py 4
#
# It starts from torchvision's weights (IMAGENET1K_V1, resnet152-394f9c45.pth), converted as docs/checkpoints.md says.
# Frozen: all convolutions of the encoder but those of its last block. Trained: that block, every batch normalisation
# (in train mode), projector and classifier. The released script stops at a TypeError; this follows its options.
# Four GPUs, 32 images on each, no gradient accumulation; 30 epochs of 488 steps in float16 (--amp: bfloat16, also
# on a CPU).
# SGD 0.02 for 128 images a step, warm-up 5 epochs, then cosine. With more or fewer GPUs keep about 32 images on each
# and scale the rate linearly with their product. alpha 0.02.
# Batch normalisation: every process over its own images, none synced, a pass for each view.
# Seed: the original sets none, ours is 0.
# Top-1 of the authors' README, on the 7,300 validation images: 41.7. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/places-lt.py',
    '../_base_/models/gpaco.py',
    '../_base_/schedules/cosine-30e.py',
]
load_from = 'checkpoints/resnet152-394f9c45.ltcl.pth'

model = dict(
    frozen=[r'^backbone\.(?!layer4\.2\.).*(conv\d|downsample\.0)\.weight$'],
    backbone=dict(depth=152),
    head=dict(num_classes=_base_.num_classes, queue_len=8192, alpha=0.02, temperature=0.2),
)
views = dict(type='ltcl.Views', recipes=['sim', 'sim'], size=224)
train_dataloader = dict(dataset=dict(pipeline=[_base_.load, views, _base_.pack]))
optim_wrapper = dict(type='AmpOptimWrapper')
default_hooks = dict(strict_load=dict(ignore=_base_.non_encoder))
