# BCL on your own images with ResNet-50.
# Balanced Contrastive Learning for Long-Tailed Visual Recognition, CVPR 2022, https://arxiv.org/abs/2207.09052
#
#     make train CONFIG=configs/custom/bcl_resnet50_1xb32-100e_own-images.py \
#       ARGS="--cfg-options data_root=data/birds"
#
# Hardware: one GPU, 32 images a step in three views, so three times the work and memory of cross entropy; float32.
# BCL's recipe for ImageNet-LT (90 epochs, no warm-up) with 32 images a step instead of 256 and an eighth of the rate.
# Not tuned, not run at this size.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/own-images.py',
    '../_base_/models/bcl.py',
    '../_base_/schedules/own-100e.py',
]

model = dict(head=dict(num_classes=_base_.num_classes, alpha=1.0, beta=0.35, temperature=0.07, cosine_scale=30.0))
views = dict(
    type='ltcl.Views', recipes=['randcls', 'bcl_sim', 'bcl_sim'], size=224, num_layers=2, magnitude=10, backend='opencv'
)
train_dataloader = dict(dataset=dict(pipeline=[_base_.load, views, _base_.pack]))
optim_wrapper = dict(optimizer=dict(lr=0.0125))
param_scheduler = dict(warmup_epochs=0)
default_hooks = dict(
    checkpoint=dict(interval=5, save_best='shot/macro'),
    logger=dict(interval=20),
    strict_load=dict(ignore=_base_.non_encoder),
)
