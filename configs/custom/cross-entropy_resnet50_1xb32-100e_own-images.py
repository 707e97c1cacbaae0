# Cross entropy on your own images with ResNet-50: the baseline that the others are measured by.
#
#     make train CONFIG=configs/custom/cross-entropy_resnet50_1xb32-100e_own-images.py \
#       ARGS="--cfg-options data_root=data/birds"
#
# Hardware: one GPU (or a CPU, with patience), 32 images a step, float32; --amp for bfloat16.
# First view, weight decay and shape of the schedule are those of GPaCo's recipe for ImageNet-LT; its rate, 0.04 for 128
# images a step, is scaled to 32, its 400 epochs are cut to 100. Not tuned, not run at this size.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/own-images.py',
    '../_base_/models/classifier.py',
    '../_base_/schedules/own-100e.py',
]

model = dict(head=dict(num_classes=_base_.num_classes))
default_hooks = dict(
    checkpoint=dict(interval=5, save_best='shot/macro'),
    logger=dict(interval=20),
    strict_load=dict(ignore=_base_.non_encoder),
)
