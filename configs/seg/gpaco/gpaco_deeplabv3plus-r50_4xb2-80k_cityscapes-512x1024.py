# GPaCo on Cityscapes with DeepLabV3+ on ResNet-50, by the authors' published recipe.
# Generalized Parametric Contrastive Learning, TPAMI 2023, https://arxiv.org/abs/2209.12400
#
#     CONFIG=configs/seg/gpaco/gpaco_deeplabv3plus-r50_4xb2-80k_cityscapes-512x1024.py
#     tools/dist_train.sh $CONFIG 4
#     CHECKPOINT=work_dirs/gpaco_deeplabv3plus-r50_4xb2-80k_cityscapes-512x1024/iter_80000.pth
#     tools/dist_test.sh $CONFIG $CHECKPOINT 4          # one scale
#     tools/dist_test.sh $CONFIG $CHECKPOINT 4 --tta    # six scales, each flipped as well
#
# Four GPUs, 2 images on each, float32, SGD 0.01 for the 8 images of a step, normalised over all of them (SyncBN). alpha
# 0.03.
# The contrast is among the pixels of one image, 8,192 drawn of each, so nothing of it depends on the number of GPUs;
# keep 8 images a step, or scale the rate linearly. Seed: the original sets none, ours is 0.
# mIoU of the authors' README, one scale / six: 80.8 / 82.0; it does not say of which evaluation. Not run here.
_base_ = [
    '../../_base_/segmentation_runtime.py',
    '../../_base_/datasets/cityscapes.py',
    '../../_base_/models/deeplabv3plus-r50.py',
    '../../_base_/schedules/seg-sgd-80k.py',
]

sampler = dict(type='ltcl.RandomPixelSampler', num_samples=8192)
gpaco = dict(type='ltcl.GPaCoBranch', embed_channels=128, alpha=0.03, temperature=0.07, sampler=sampler)
model = dict(decode_head=dict(branches=dict(gpaco=gpaco)))
default_hooks = dict(checkpoint=dict(interval=8000))
