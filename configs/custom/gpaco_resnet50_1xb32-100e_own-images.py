# GPaCo on your own images with ResNet-50.
# Generalized Parametric Contrastive Learning, TPAMI 2023, https://arxiv.org/abs/2209.12400
#
#     make train CONFIG=configs/custom/gpaco_resnet50_1xb32-100e_own-images.py \
#       ARGS="--cfg-options data_root=data/birds"
#
# Hardware: one GPU, 32 images a step in two views, so twice the work and memory of cross entropy; float32.
# GPaCo's recipe for ImageNet-LT with 32 images a step instead of 128 and 100 epochs instead of 400, at half its rate,
# since the steps are so few (docs/recipes.md). Queue and alpha are those for 3,000 images of which 600 are of the
# largest class and 10 of the smallest; --fit-recipe chooses them, batch and epochs by your images.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/own-images.py',
    '../_base_/models/gpaco.py',
    '../_base_/schedules/own-100e.py',
]

model = dict(head=dict(num_classes=_base_.num_classes, queue_len=256, alpha=0.016, temperature=0.2))
views = dict(
    type='ltcl.Views', recipes=['randcls', 'randclsstack'], size=224, num_layers=2, magnitude=10, backend='opencv'
)
train_dataloader = dict(dataset=dict(pipeline=[_base_.load, views, _base_.pack]))
optim_wrapper = dict(optimizer=dict(lr=0.02))
default_hooks = dict(
    checkpoint=dict(interval=5, save_best='shot/macro'),
    logger=dict(interval=20),
    strict_load=dict(ignore=_base_.non_encoder),
)
