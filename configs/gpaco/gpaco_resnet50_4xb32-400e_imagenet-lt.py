# GPaCo on ImageNet-LT with ResNet-50, by the authors' published recipe.
# Generalized Parametric Contrastive Learning, TPAMI 2023, https://arxiv.org/abs/2209.12400
#
#     tools/dist_train.sh configs/gpaco/gpaco_resnet50_4xb32-400e_imagenet-lt.py 4
#
# Four GPUs, 32 images on each, no gradient accumulation, float32; 400 epochs of 905 steps. alpha 0.045.
# SGD 0.04 for 128 images a step, warm-up 10 epochs, then cosine. With more or fewer GPUs keep about 32 images on each
# and scale the rate linearly with their product. The queue must not be shorter than that product.
# Batch normalisation: every process over its own images, none synced, a pass for each view.
# Seed: the original sets none, ours is 0.
# Top-1 of the authors' README: 58.5. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/imagenet-lt.py',
    '../_base_/models/gpaco.py',
    '../_base_/schedules/cosine-400e.py',
]

model = dict(head=dict(num_classes=_base_.num_classes, queue_len=8192, alpha=0.045, temperature=0.2))
views = dict(type='ltcl.Views', recipes=['randcls', 'randclsstack'], size=224, num_layers=2, magnitude=10)
train_dataloader = dict(dataset=dict(pipeline=[_base_.load, views, _base_.pack]))
optim_wrapper = dict(optimizer=dict(lr=0.04))
