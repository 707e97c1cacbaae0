# Cross entropy on Cityscapes with DeepLabV3+ on ResNet-101: the published recipe of GPaCo without its branch.
#
#     CONFIG=configs/seg/cross_entropy/cross-entropy_deeplabv3plus-r101_4xb2-80k_cityscapes-512x1024.py
#     tools/dist_train.sh $CONFIG 4
#     CHECKPOINT=work_dirs/cross-entropy_deeplabv3plus-r101_4xb2-80k_cityscapes-512x1024/iter_80000.pth
#     tools/dist_test.sh $CONFIG $CHECKPOINT 4          # one scale
#     tools/dist_test.sh $CONFIG $CHECKPOINT 4 --tta    # six scales, each flipped as well
#
# Four GPUs, 2 images on each, float32, SGD 0.01 for the 8 images of a step, normalised over all of them (SyncBN). With
# other numbers of GPUs keep 8 images a step, or scale the rate linearly.
# mIoU of mmsegmentation's model zoo for this network, one scale / six: 80.97 / 82.03. Not run here.
_base_ = [
    '../../_base_/segmentation_runtime.py',
    '../../_base_/datasets/cityscapes.py',
    '../../_base_/models/deeplabv3plus-r101.py',
    '../../_base_/schedules/seg-sgd-80k.py',
]

default_hooks = dict(checkpoint=dict(interval=8000))
