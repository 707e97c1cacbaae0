# Region Rebalance on ADE20K with UPerNet on Swin-B, by the authors' published recipe.
# Region Rebalance for Long-Tailed Semantic Segmentation, arXiv 2022, https://arxiv.org/abs/2204.01969
#
#     CONFIG=configs/seg/region_rebalance/region-rebalance_upernet-swin-base_4xb4-160k_ade20k-512x512.py
#     python tools/analysis_tools/seg_class_stats.py $CONFIG --out data/stats/ade20k.json
#     tools/dist_train.sh $CONFIG 4
#     CHECKPOINT=work_dirs/region-rebalance_upernet-swin-base_4xb4-160k_ade20k-512x512/iter_160000.pth
#     tools/dist_test.sh $CONFIG $CHECKPOINT 4          # one scale
#     tools/dist_test.sh $CONFIG $CHECKPOINT 4 --tta    # six scales, each flipped as well
#
# The encoder starts from swin_base_patch4_window12_384_22k.pth of the authors of Swin (ImageNet-22k, 384 pixels),
# converted as docs/checkpoints.md says.
# Four images on each GPU, float32, AdamW 6e-5. The number of GPUs is not published: four are inferred from the 16
# images a step of GPaCo's recipe. SyncBN in the heads. Branch: smooth 0.5, weight 1, frozen.
# The class means are those of the 4 images of a GPU and are not gathered: with other numbers of GPUs keep 4 on each.
# Seed: the original sets none, ours is 0.
# No published figure for this recipe. Not run here.
_base_ = '../cross_entropy/cross-entropy_upernet-swin-base_8xb2-160k_ade20k-512x512.py'

region = dict(type='ltcl.RegionRebalanceBranch', class_counts='data/stats/ade20k.json', smooth=0.5, loss_weight=1.0)
model = dict(decode_head=dict(branches=dict(region=region)))
train_dataloader = dict(batch_size=4)
