# PaCo on iNaturalist 2018 with ResNet-50, by the authors' published recipe.
# Parametric Contrastive Learning, ICCV 2021, https://arxiv.org/abs/2107.12028
#
#     tools/dist_train.sh configs/paco/paco_resnet50_4xb32-400e_inat2018.py 4
#
# Four GPUs, 32 images on each, no gradient accumulation, float32; 400 epochs of 3,418 steps. Weight decay 1e-4.
# SGD 0.02 for 128 images a step, warm-up 10 epochs, then cosine. With more or fewer GPUs keep about 32 images on each
# and scale the rate linearly with their product.
# Batch normalisation: every process over its own images, none synced; the keys are shuffled over the processes.
# Seed: the original sets none, ours is 0.
# Top-1 of the authors' README: 73.2. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/inat2018.py',
    '../_base_/models/paco.py',
    '../_base_/schedules/cosine-400e.py',
]

model = dict(head=dict(num_classes=_base_.num_classes, queue_len=8192, alpha=0.05, temperature=0.2))
views = dict(type='ltcl.Views', recipes=['randcls', 'sim'], size=224, num_layers=2, magnitude=10)
train_dataloader = dict(dataset=dict(pipeline=[_base_.load, views, _base_.pack]))
optim_wrapper = dict(optimizer=dict(weight_decay=1e-4))
default_hooks = dict(momentum_update=dict(type='ltcl.MomentumUpdateHook', momentum=0.999))
