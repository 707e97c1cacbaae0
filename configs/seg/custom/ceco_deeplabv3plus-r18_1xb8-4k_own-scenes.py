# Center Collapse (CeCo) on your own images and masks with DeepLabV3+ on ResNet-18, 128 wide.
# Understanding Imbalanced Semantic Segmentation Through Neural Collapse, CVPR 2023, https://arxiv.org/abs/2301.01100
#
#     make train CONFIG=configs/seg/custom/ceco_deeplabv3plus-r18_1xb8-4k_own-scenes.py \
#       ARGS="--cfg-options data_root=data/cracks"
#
# Hardware: one GPU, 8 images a step, float32; --amp for bfloat16.
# The weight is that published with Swin-T; images that show each class are counted at the start.
# Not tuned, not run at this size.
_base_ = [
    '../../_base_/own_scenes_runtime.py',
    '../../_base_/datasets/own-scenes.py',
    '../../_base_/models/deeplabv3plus-r18.py',
    '../../_base_/schedules/seg-sgd-4k.py',
]

region = dict(type='ltcl.CenterCollapseBranch', loss_weight=0.8)
model = dict(
    decode_head=dict(num_classes=_base_.num_classes, branches=dict(region=region)),
    auxiliary_head=dict(num_classes=_base_.num_classes),
)
