# Cross entropy on Pascal Context 59 with DeepLabV3+ on ResNet-101: the published recipe of GPaCo without its branch.
#
#     CONFIG=configs/seg/cross_entropy/cross-entropy_deeplabv3plus-r101_4xb4-40k_pascal-context59-480x480.py
#     tools/dist_train.sh $CONFIG 4
#     CHECKPOINT=work_dirs/cross-entropy_deeplabv3plus-r101_4xb4-40k_pascal-context59-480x480/iter_40000.pth
#     tools/dist_test.sh $CONFIG $CHECKPOINT 4          # one scale
#     tools/dist_test.sh $CONFIG $CHECKPOINT 4 --tta    # six scales, each flipped as well
#
# Four GPUs, 4 images on each, float32, SGD 0.004 for the 16 images of a step, normalised over all of them (SyncBN).
# With other numbers of GPUs keep 16 images a step, or scale the rate linearly.
# mIoU of mmsegmentation's model zoo for this network, one scale / six: 52.86 / 54.54. Not run here.
_base_ = [
    '../../_base_/segmentation_runtime.py',
    '../../_base_/datasets/pascal-context59.py',
    '../../_base_/models/deeplabv3plus-r101.py',
    '../../_base_/schedules/seg-sgd-40k.py',
]

model = dict(
    decode_head=dict(num_classes=_base_.num_classes),
    auxiliary_head=dict(num_classes=_base_.num_classes),
    test_cfg=dict(mode='slide', crop_size=_base_.crop_size, stride=(320, 320)),
)
optim_wrapper = dict(optimizer=dict(lr=0.004, weight_decay=1e-4))
