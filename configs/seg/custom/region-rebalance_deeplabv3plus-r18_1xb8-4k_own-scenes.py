# Region Rebalance on your own images and masks with DeepLabV3+ on ResNet-18, 128 wide.
# Region Rebalance for Long-Tailed Semantic Segmentation, arXiv 2022, https://arxiv.org/abs/2204.01969
#
#     make train CONFIG=configs/seg/custom/region-rebalance_deeplabv3plus-r18_1xb8-4k_own-scenes.py \
#       ARGS="--cfg-options data_root=data/cracks"
#
# Hardware: one GPU, 8 images a step, float32; --amp for bfloat16.
# Weight as published; images that show each class, which shift its softmax, are counted at the start.
# Not tuned, not run at this size.
_base_ = [
    '../../_base_/own_scenes_runtime.py',
    '../../_base_/datasets/own-scenes.py',
    '../../_base_/models/deeplabv3plus-r18.py',
    '../../_base_/schedules/seg-sgd-4k.py',
]

region = dict(type='ltcl.RegionRebalanceBranch', loss_weight=1.0)
model = dict(
    decode_head=dict(num_classes=_base_.num_classes, branches=dict(region=region)),
    auxiliary_head=dict(num_classes=_base_.num_classes),
)
