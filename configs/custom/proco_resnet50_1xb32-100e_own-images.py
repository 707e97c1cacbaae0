# ProCo on your own images with ResNet-50.
# Probabilistic Contrastive Learning for Long-Tailed Visual Recognition, TPAMI 2024, https://arxiv.org/abs/2403.06726
#
#     make train CONFIG=configs/custom/proco_resnet50_1xb32-100e_own-images.py \
#       ARGS="--cfg-options data_root=data/birds"
#
# Hardware: one GPU, 32 images a step in three views, so three times the work and memory of cross entropy; float32.
# ProCo's recipe for ImageNet-LT (90 epochs, no warm-up) with 32 images a step instead of 256 and an eighth of the rate.
# Not tuned, not run at this size.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/own-images.py',
    '../_base_/models/bcl.py',
    '../_base_/schedules/own-100e.py',
]

head = dict(type='ltcl.ProCoHead', num_classes=_base_.num_classes, temperature=0.07, cosine_scale=30.0)
model = dict(head=head)
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
    class_means=dict(type='ltcl.ClassMeansHook'),
)
