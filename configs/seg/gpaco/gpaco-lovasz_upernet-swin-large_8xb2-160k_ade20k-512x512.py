# GPaCo and Lovász-softmax on ADE20K with UPerNet on Swin-L, by the authors' published recipe (their variant "11").
# Generalized Parametric Contrastive Learning, TPAMI 2023, https://arxiv.org/abs/2209.12400
#
#     CONFIG=configs/seg/gpaco/gpaco-lovasz_upernet-swin-large_8xb2-160k_ade20k-512x512.py
#     tools/dist_train.sh $CONFIG 8
#     CHECKPOINT=work_dirs/gpaco-lovasz_upernet-swin-large_8xb2-160k_ade20k-512x512/iter_160000.pth
#     tools/dist_test.sh $CONFIG $CHECKPOINT 8          # one scale
#     tools/dist_test.sh $CONFIG $CHECKPOINT 8 --tta    # six scales, each flipped as well
#
# The encoder starts from swin_large_patch4_window12_384_22k.pth of the authors of Swin (ImageNet-22k, 384 pixels),
# converted as docs/checkpoints.md says.
# Eight GPUs, 2 images on each, float32, AdamW 6e-5 for the 16 images of a step, normalised over all 16 in the heads
# (SyncBN). alpha 0.01; both additional losses with weight 1.
# The contrast is among the pixels of one image, 8,192 drawn of each, so nothing of it depends on the number of GPUs;
# Lovász-softmax is over the 2 images of a GPU, so keep 2 on each. Seed: the original sets none, ours is 0.
# The authors' README has one figure for Swin-L and does not say whether it is of this variant or of the plain one. Not
# run here.
_base_ = '../cross_entropy/cross-entropy_upernet-swin-large_8xb2-160k_ade20k-512x512.py'

sampler = dict(type='ltcl.RandomPixelSampler', num_samples=8192)
gpaco = dict(type='ltcl.GPaCoBranch', embed_channels=128, alpha=0.01, temperature=0.07, sampler=sampler)
model = dict(
    decode_head=dict(
        branches=dict(gpaco=gpaco),
        loss_decode=[dict(type='CrossEntropyLoss'), dict(type='ltcl.LovaszSoftmaxLoss', loss_weight=1.0)],
    )
)
