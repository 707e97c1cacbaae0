# LIFT's model with DINOv2's ViT-B/14 in the place of CLIP's: class token behind the last norm, position embeddings
# resized from 518 px to 224.
_base_ = './lift-clip.py'

model = dict(
    backbone=dict(
        encoder=dict(
            model_name='vit_base_patch14_dinov2.lvd142m',
            img_size=224,
            init_cfg=dict(checkpoint='timm://vit_base_patch14_dinov2.lvd142m'),
        )
    )
)
