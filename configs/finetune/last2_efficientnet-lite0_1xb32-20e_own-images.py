# EfficientNet-Lite0 on your own images: the last two of its 16 blocks and the head are trained.
#
#     python tools/train.py configs/finetune/last2_efficientnet-lite0_1xb32-20e_own-images.py \
#       --cfg-options data_root=data/birds
#
# What `--tune last 2` makes of it; another number: model.backbone.blocks=4. The blocks before keep their weights and
# the statistics of their norms. The cosine classifier starts from the means of the classes, under balanced softmax.
# Hardware: one GPU, or a CPU with patience; 32 images a step, float32. Not tuned. Not run here.
_base_ = [
    '../_base_/class_mean_runtime.py',
    '../_base_/datasets/own-images.py',
    '../_base_/models/efficientnet-lite0.py',
    '../_base_/schedules/finetune-20e.py',
]

model = dict(
    backbone=dict(_delete_=True, type='ltcl.LastBlocks', encoder=_base_.model.backbone, blocks=2),
    head=dict(num_classes=_base_.num_classes, loss=dict(num_classes=_base_.num_classes)),
)
data_preprocessor = dict(mean=[127.0] * 3, std=[128.0] * 3)
