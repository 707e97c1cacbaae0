# GPaCo on Pascal Context 59 with DeepLabV3+ on ResNet-101, by the authors' published recipe.
# Generalized Parametric Contrastive Learning, TPAMI 2023, https://arxiv.org/abs/2209.12400
#
#     CONFIG=configs/seg/gpaco/gpaco_deeplabv3plus-r101_4xb4-40k_pascal-context59-480x480.py
#     tools/dist_train.sh $CONFIG 4
#     CHECKPOINT=work_dirs/gpaco_deeplabv3plus-r101_4xb4-40k_pascal-context59-480x480/iter_40000.pth
#     tools/dist_test.sh $CONFIG $CHECKPOINT 4          # one scale
#     tools/dist_test.sh $CONFIG $CHECKPOINT 4 --tta    # six scales, each flipped as well
#
# Four GPUs, 4 images on each, float32, SGD 0.004 for the 16 images of a step, normalised over all of them (SyncBN).
# alpha 0.01.
# The contrast is among the pixels of one image, 8,192 drawn of each, so nothing of it depends on the number of GPUs;
# keep 16 images a step, or scale the rate linearly. Seed: the original sets none, ours is 0.
# mIoU of the authors' README, one scale / six: 54.2 / 56.3; it does not say of which evaluation. Not run here.
_base_ = [
    '../../_base_/segmentation_runtime.py',
    '../../_base_/datasets/pascal-context59.py',
    '../../_base_/models/deeplabv3plus-r101.py',
    '../../_base_/schedules/seg-sgd-40k.py',
]

sampler = dict(type='ltcl.RandomPixelSampler', num_samples=8192)
gpaco = dict(type='ltcl.GPaCoBranch', embed_channels=128, alpha=0.01, temperature=0.07, sampler=sampler)
model = dict(
    decode_head=dict(num_classes=_base_.num_classes, branches=dict(gpaco=gpaco)),
    auxiliary_head=dict(num_classes=_base_.num_classes),
    test_cfg=dict(mode='slide', crop_size=_base_.crop_size, stride=(320, 320)),
)
optim_wrapper = dict(optimizer=dict(lr=0.004, weight_decay=1e-4))
