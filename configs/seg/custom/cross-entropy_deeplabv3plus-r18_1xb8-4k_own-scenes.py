# Cross entropy on your own images and masks with DeepLabV3+ on ResNet-18, 128 wide:
# the baseline that the others are measured by.
#
#     make train CONFIG=configs/seg/custom/cross-entropy_deeplabv3plus-r18_1xb8-4k_own-scenes.py \
#       ARGS="--cfg-options data_root=data/cracks"
#
# Hardware: one GPU, 8 images a step, float32; --amp for bfloat16.
# Rate and decay are those of the published baselines for 8 images a step on Cityscapes; 4,000 iterations instead
# of 80,000.
# Not tuned, not run at this size.
_base_ = [
    '../../_base_/own_scenes_runtime.py',
    '../../_base_/datasets/own-scenes.py',
    '../../_base_/models/deeplabv3plus-r18.py',
    '../../_base_/schedules/seg-sgd-4k.py',
]

model = dict(
    decode_head=dict(num_classes=_base_.num_classes),
    auxiliary_head=dict(num_classes=_base_.num_classes),
)
