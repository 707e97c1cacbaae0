# EfficientNet-Lite0, tuned in full on your own images: the encoder at a tenth of the head's rate.
#
#     python tools/train.py configs/finetune/full_efficientnet-lite0_1xb32-20e_own-images.py \
#       --cfg-options data_root=data/birds
#
# What `--tune full` makes of a convolutional network, with a cosine classifier that starts from the means of the
# classes, under balanced softmax. Hardware: one GPU, or a CPU with patience; 32 images a step, float32. Not tuned. Not
# run here.
_base_ = [
    '../_base_/class_mean_runtime.py',
    '../_base_/datasets/own-images.py',
    '../_base_/models/efficientnet-lite0.py',
    '../_base_/schedules/finetune-20e.py',
]

model = dict(head=dict(num_classes=_base_.num_classes, loss=dict(num_classes=_base_.num_classes)))
optim_wrapper = dict(paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1))))
data_preprocessor = dict(mean=[127.0] * 3, std=[128.0] * 3)
