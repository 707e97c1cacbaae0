# DINOv2's ViT-S/14 on your own images: low-rank updates of its attention and a cosine classifier are trained.
#
#     python tools/train.py configs/finetune/lora_vit-small-dinov2_1xb32-20e_own-images.py \
#       --cfg-options data_root=data/birds
#
# What `--tune lora` makes of a vision transformer, with a classifier that starts from the means of the classes. AdamW
# with rate 1e-3: the updates start at zero, and SGD would leave them there for long. Hardware: one GPU, 32 images a
# step, float32. Balanced softmax. Not tuned. Not run here.
_base_ = [
    '../_base_/class_mean_runtime.py',
    '../_base_/datasets/own-images.py',
    '../_base_/schedules/finetune-20e.py',
]

encoder = dict(
    type='ltcl.TimmBackbone',
    model_name='vit_small_patch14_dinov2.lvd142m',
    img_size=224,
    init_cfg=dict(type='Pretrained', checkpoint='timm://vit_small_patch14_dinov2.lvd142m'),
)
model = dict(
    type='ltcl.Classifier',
    backbone=dict(type='ltcl.AdaptedBackbone', encoder=encoder, adapter=dict(type='ltcl.LoRA', rank=8, alpha=16)),
    neck=None,
    head=dict(
        type='ltcl.CosineClsHead',
        num_classes=_base_.num_classes,
        scale=25,
        loss=dict(type='ltcl.BalancedSoftmaxLoss', num_classes=_base_.num_classes),
    ),
)
optim_wrapper = dict(optimizer=dict(_delete_=True, type='AdamW', lr=1e-3, weight_decay=0.01))
