# GPaCo on your own images and masks with DeepLabV3+ on ResNet-18, 128 wide.
# Generalized Parametric Contrastive Learning, TPAMI 2023, https://arxiv.org/abs/2209.12400
#
#     make train CONFIG=configs/seg/custom/gpaco_deeplabv3plus-r18_1xb8-4k_own-scenes.py \
#       ARGS="--cfg-options data_root=data/cracks"
#
# Hardware: one GPU, 8 images a step, float32; --amp for bfloat16.
# alpha and temperature as published; 4,096 pixels of each image are compared instead of 8,192, since all 8 images of a
# step are on one GPU.
# Not tuned, not run at this size.
_base_ = [
    '../../_base_/own_scenes_runtime.py',
    '../../_base_/datasets/own-scenes.py',
    '../../_base_/models/deeplabv3plus-r18.py',
    '../../_base_/schedules/seg-sgd-4k.py',
]

sampler = dict(type='ltcl.RandomPixelSampler', num_samples=4096)
gpaco = dict(type='ltcl.GPaCoBranch', embed_channels=128, alpha=0.01, temperature=0.07, sampler=sampler)
model = dict(
    decode_head=dict(num_classes=_base_.num_classes, branches=dict(gpaco=gpaco)),
    auxiliary_head=dict(num_classes=_base_.num_classes),
)
