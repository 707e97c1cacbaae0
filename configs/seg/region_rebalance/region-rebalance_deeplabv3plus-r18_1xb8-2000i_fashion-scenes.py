# Region Rebalance on the composed scenes.
# Region Rebalance for Long-Tailed Semantic Segmentation, arXiv 2022, https://arxiv.org/abs/2204.01969
#
#     make train CONFIG=configs/seg/region_rebalance/region-rebalance_deeplabv3plus-r18_1xb8-2000i_fashion-scenes.py
#
# About 3 1/2 minutes on one CPU core.
_base_ = '../cross_entropy/cross-entropy_deeplabv3plus-r18_1xb8-2000i_fashion-scenes.py'

model = dict(
    decode_head=dict(
        branches=dict(region=dict(type='ltcl.RegionRebalanceBranch', class_counts=_base_.class_counts, loss_weight=1.0))
    )
)
