# Cross entropy on ADE20K with UPerNet on Swin-L: the published recipe of GPaCo without its branch.
#
#     CONFIG=configs/seg/cross_entropy/cross-entropy_upernet-swin-large_8xb2-160k_ade20k-512x512.py
#     tools/dist_train.sh $CONFIG 8
#     CHECKPOINT=work_dirs/cross-entropy_upernet-swin-large_8xb2-160k_ade20k-512x512/iter_160000.pth
#     tools/dist_test.sh $CONFIG $CHECKPOINT 8          # one scale
#     tools/dist_test.sh $CONFIG $CHECKPOINT 8 --tta    # six scales, each flipped as well
#
# The encoder starts from swin_large_patch4_window12_384_22k.pth of the authors of Swin (ImageNet-22k, 384 pixels),
# converted as docs/checkpoints.md says.
# Eight GPUs, 2 images on each, float32, AdamW 6e-5 for the 16 images of a step, normalised over all 16 in the heads
# (SyncBN). With other numbers of GPUs keep 16 images a step.
# No published figure. Not run here.
_base_ = [
    '../../_base_/segmentation_runtime.py',
    '../../_base_/datasets/ade20k.py',
    '../../_base_/models/upernet-swin-tiny.py',
    '../../_base_/schedules/seg-adamw-160k.py',
]
load_from = 'checkpoints/swin_large_patch4_window12_384_22k.ltcl.pth'

model = dict(
    backbone=dict(
        pretrain_img_size=384, embed_dims=192, window_size=12, depths=[2, 2, 18, 2], num_heads=[6, 12, 24, 48]
    ),
    decode_head=dict(in_channels=[192, 384, 768, 1536]),
    auxiliary_head=dict(in_channels=768),
)
