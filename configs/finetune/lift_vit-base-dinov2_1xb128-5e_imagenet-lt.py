# LIFT on ImageNet-LT with DINOv2's ViT-B/14: adapters in a frozen encoder, logit adjustment.
# Long-Tail Learning with Foundation Model: Heavy Fine-Tuning Hurts, ICML 2024, https://arxiv.org/abs/2309.10019
#
#     python tools/train.py configs/finetune/lift_vit-base-dinov2_1xb128-5e_imagenet-lt.py
#
# Hardware: one GPU (20 GB for the original), 128 images a step, bfloat16; 5 epochs of 905 steps. Adapters of width
# 32, the power of two at or below 1,000 classes / 24. The original has no DINOv2: its recipe with another encoder;
# class token, position embeddings resized from 518 px to 224. Not run here.
_base_ = './lift_vit-base-clip_1xb128-5e_imagenet-lt.py'

model = dict(
    backbone=dict(
        encoder=dict(
            model_name='vit_base_patch14_dinov2.lvd142m',
            img_size=224,
            init_cfg=dict(checkpoint='timm://vit_base_patch14_dinov2.lvd142m'),
        )
    )
)
data_preprocessor = dict(
    mean=[255 * mean for mean in (0.485, 0.456, 0.406)],
    std=[255 * std for std in (0.229, 0.224, 0.225)],
)
