# PaCo on the whole ImageNet with ResNet-50, by the authors' published recipe.
# Parametric Contrastive Learning, ICCV 2021, https://arxiv.org/abs/2107.12028
#
#     tools/dist_train.sh configs/paco/paco_resnet50_4xb64-400e_imagenet.py 4
#
# Four GPUs, 64 images on each, no gradient accumulation, float32; 400 epochs of 5,004 steps. No class prior.
# SGD 0.04 for 256 images a step, warm-up 10 epochs, then cosine; scale the rate linearly with the images of a step.
# Batch normalisation: every process over its own images, none synced; the keys are shuffled over the processes.
# Seed: the original sets none, ours is 0.
# Top-1 of the authors' README: 79.3. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/imagenet.py',
    '../_base_/models/paco.py',
    '../_base_/schedules/cosine-400e.py',
]

model = dict(head=dict(num_classes=_base_.num_classes, queue_len=8192, alpha=0.05, temperature=0.2, with_prior=False))
views = dict(type='ltcl.Views', recipes=['randcls', 'sim'], size=224, num_layers=2, magnitude=10)
train_dataloader = dict(batch_size=64, dataset=dict(pipeline=[_base_.load, views, _base_.pack]))
optim_wrapper = dict(optimizer=dict(lr=0.04, weight_decay=1e-4))
default_hooks = dict(momentum_update=dict(type='ltcl.MomentumUpdateHook', momentum=0.999))
