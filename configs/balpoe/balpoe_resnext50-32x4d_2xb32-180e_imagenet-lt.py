# BalPoE with three experts on ImageNet-LT, ResNeXt-50: the authors' standard training.
# Balanced Product of Calibrated Experts for Long-Tailed Recognition, CVPR 2023, https://arxiv.org/abs/2206.05260
#
#     tools/dist_train.sh configs/balpoe/balpoe_resnext50-32x4d_2xb32-180e_imagenet-lt.py 2
#
# Hardware: 2 GPUs, as published; float32.
# Batch: 64, 32 on each GPU, no accumulation; the last one is smaller. 180 epochs of 1,811 steps.
# Images: crop, flip and jitter, and mixup of the batch with alpha 0.3; each process draws its own share.
# Rate: 0.025 for the whole batch; for another one, in proportion. Cosine from the first epoch; Nesterov.
# Seed: 0; the original's is 1.
# Experts: tau 0, 1.25 and 2.5, the original's values; cosine classifiers of scale 30.
# The best epoch on the validation list is scored on the test list.
# The experts share the whole network; in the original each has its own two last stages. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/imagenet-lt.py',
    '../_base_/models/classifier.py',
    '../_base_/schedules/imagenet-90e.py',
]

data_preprocessor = dict(batch_augments=dict(augments=dict(type='Mixup', alpha=0.3)))
model = dict(
    backbone=dict(type='ResNeXt', groups=32, width_per_group=4),
    head=dict(_delete_=True, type='ltcl.BalPoEHead', num_classes=_base_.num_classes, taus=(0.0, 1.25, 2.5)),
)
max_epochs = 180
train_dataloader = dict(drop_last=False)
optim_wrapper = dict(optimizer=dict(lr=0.025, nesterov=True))
param_scheduler = dict(_delete_=True, type='CosineAnnealingLR', T_max=max_epochs)
train_cfg = dict(max_epochs=max_epochs)
