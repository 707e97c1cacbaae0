# LIFT on iNaturalist 2018 with DINOv2's ViT-B/14: adapters in a frozen encoder, logit adjustment.
# Long-Tail Learning with Foundation Model: Heavy Fine-Tuning Hurts, ICML 2024, https://arxiv.org/abs/2309.10019
#
#     python tools/train.py configs/finetune/lift_vit-base-dinov2_1xb128-5e_inat2018.py
#
# Hardware: one GPU (20 GB for the original), 128 images a step, bfloat16; 5 epochs of 3,418 steps. Adapters of width
# 256, the power of two at or below 8,142 classes / 24. The original has no DINOv2: its recipe with another encoder;
# class token, position embeddings resized from 518 px to 224. Not run here.
_base_ = [
    '../_base_/class_mean_runtime.py',
    '../_base_/datasets/inat2018.py',
    '../_base_/models/lift-dinov2.py',
    '../_base_/schedules/lift-5e.py',
]

model = dict(
    backbone=dict(adapter=dict(width=256)),
    head=dict(num_classes=_base_.num_classes, loss=dict(num_classes=_base_.num_classes)),
)
data_preprocessor = dict(
    mean=[255 * mean for mean in (0.485, 0.456, 0.406)],
    std=[255 * std for std in (0.229, 0.224, 0.225)],
)
train_pipeline = [_base_.load, dict(type='ltcl.Views', recipes=['crop_flip'], size=224), _base_.pack]
train_dataloader = dict(batch_size=128, dataset=dict(pipeline=train_pipeline))
