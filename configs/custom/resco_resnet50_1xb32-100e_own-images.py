# ResCo on your own images with ResNet-50.
# Rebalanced Siamese Contrastive Mining for Long-Tailed Recognition, https://arxiv.org/abs/2203.11506
#
#     make train CONFIG=configs/custom/resco_resnet50_1xb32-100e_own-images.py \
#       ARGS="--cfg-options data_root=data/birds"
#
# Hardware: one GPU, 32 images a step in two views, so twice the work and memory of cross entropy; float32.
# ResCo's recipe for ImageNet-LT with its rate, 0.06 for 256 images, for 32, and 100 epochs instead of 400; 4 positive
# queue rows for each class and 1 negative one. --fit-recipe chooses the rows, batch and epochs by your images
# (docs/recipes.md). Not tuned, not run at this size.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/own-images.py',
    '../_base_/models/resco.py',
    '../_base_/schedules/own-100e.py',
]

model = dict(head=dict(num_classes=_base_.num_classes))
views = dict(type='ltcl.Views', recipes=['resco', 'resco'], size=224, num_layers=2, magnitude=10, backend='opencv')
train_dataloader = dict(dataset=dict(pipeline=[_base_.load, views, _base_.pack]))
optim_wrapper = dict(optimizer=dict(lr=0.0075))
default_hooks = dict(
    checkpoint=dict(interval=5, save_best='shot/macro'),
    logger=dict(interval=20),
    strict_load=dict(ignore=_base_.non_encoder),
)
