# CLIP's ViT-B/16 with a narrow MLP beside that of every block, and a cosine classifier that starts from class means.
#
# OpenAI's weights were trained with a GELU of their own, which the name of the network tells. Its feature is the
# class token behind the last norm, before the projection to the space of the texts.
model = dict(
    type='ltcl.Classifier',
    backbone=dict(
        type='ltcl.AdaptedBackbone',
        encoder=dict(
            type='ltcl.TimmBackbone',
            model_name='vit_base_patch16_clip_quickgelu_224.openai',
            init_cfg=dict(type='Pretrained', checkpoint='timm://vit_base_patch16_clip_quickgelu_224.openai'),
        ),
        adapter=dict(type='ltcl.Bottleneck', width=32),
    ),
    neck=None,
    head=dict(type='ltcl.CosineClsHead', scale=25, loss=dict(type='ltcl.LogitAdjustedLoss')),
)
