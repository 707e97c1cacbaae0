# GPaCo on iNaturalist 2018 with ResNet-50, by the authors' published recipe.
# Generalized Parametric Contrastive Learning, TPAMI 2023, https://arxiv.org/abs/2209.12400
#
#     tools/dist_train.sh configs/gpaco/gpaco_resnet50_8xb16-400e_inat2018.py 8
#
# Eight GPUs, 16 images on each, no gradient accumulation, float32; 400 epochs of 3,418 steps. Weight decay 1e-4.
# SGD 0.04 for 128 images a step, warm-up 10 epochs, then cosine; scale the rate linearly with the images of a step.
# Batch normalisation: every process over its own images, none synced, a pass for each view.
# Seed: the original sets none, ours is 0.
# Top-1 of the authors' README: 75.4. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/inat2018.py',
    '../_base_/models/gpaco.py',
    '../_base_/schedules/cosine-400e.py',
]

model = dict(head=dict(num_classes=_base_.num_classes, queue_len=8192, alpha=0.05, temperature=0.2))
views = dict(type='ltcl.Views', recipes=['randcls', 'sim'], size=224, num_layers=2, magnitude=10)
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=[_base_.load, views, _base_.pack]))
optim_wrapper = dict(optimizer=dict(lr=0.04, weight_decay=1e-4))
