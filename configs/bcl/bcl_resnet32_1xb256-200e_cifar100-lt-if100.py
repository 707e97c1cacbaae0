# BCL on CIFAR-100-LT, imbalance factor 100, by the community's recipe: the authors released none for CIFAR.
# Balanced Contrastive Learning for Long-Tailed Visual Recognition, CVPR 2022, https://arxiv.org/abs/2207.09052
#
#     python tools/train.py configs/bcl/bcl_resnet32_1xb256-200e_cifar100-lt-if100.py
#
# Hardware: one GPU; float32.
# Batch: 256, no accumulation; the last one is smaller. 200 epochs of 43 steps.
# Batch norm: over the three views of the batch.
# Rate: 0.15 after 5 epochs of warm-up, a tenth of it from epoch 160 and again from epoch 180 (counted from 0).
# Seed: 0; that of the draw of images, 0 as well, is published.
# Community's values: all of these, and alpha 2, beta 0.6, temperature 0.1, both MLPs 64 -> 512 -> 128. Public
#   reproductions disagree on the classifier (cosine as in the authors' ImageNet code, which is used here, or linear),
#   on Cutout in the first view and on blur in the others (both are on here).
# Top-1 of the paper, not of this recipe, at imbalance factor 10 / 50 / 100: 64.9 / 56.6 / 51.9. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/cifar100-lt.py',
    '../_base_/models/bcl.py',
    '../_base_/schedules/bcl-cifar-200e.py',
]

model = dict(
    backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=32),
    projector=dict(hidden_channels=512, out_channels=128),
    head=dict(num_classes=_base_.num_classes, hidden_channels=512, alpha=2.0, beta=0.6, temperature=0.1),
)
train_pipeline = [dict(type='ltcl.Views', recipes=['regular_cifar', 'sim_cifar', 'sim_cifar']), _base_.pack]
train_dataloader = dict(batch_size=256, drop_last=False, dataset=dict(pipeline=train_pipeline))
