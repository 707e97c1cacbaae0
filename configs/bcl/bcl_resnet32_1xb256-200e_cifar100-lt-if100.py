# BCL on CIFAR-100-LT, imbalance factor 100, by the community's recipe: the authors released none for CIFAR.
# Balanced Contrastive Learning for Long-Tailed Visual Recognition, CVPR 2022, https://arxiv.org/abs/2207.09052
#
#     python tools/train.py configs/bcl/bcl_resnet32_1xb256-200e_cifar100-lt-if100.py
#
# One GPU, batch 256, float32; SGD 0.15 after 5 epochs of warm-up, a tenth of it from epoch 160 and again from epoch 180
# (counted from 0); alpha 2, beta 0.6, temperature 0.1; both MLPs 64 -> 512 -> 128. 200 epochs of 43 steps.
# Public reproductions disagree on the classifier (cosine as in the authors' ImageNet code, which is used here, or
# linear), on Cutout in the first view and on blur in the others (both are on here).
# Top-1 of the paper, not of this recipe, at imbalance factor 10 / 50 / 100: 64.9 / 56.6 / 51.9. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/cifar100-lt.py',
    '../_base_/models/resnet32-cifar.py',
    '../_base_/schedules/cifar-400e.py',
]

model = dict(
    type='ltcl.ContrastiveClassifier',
    online_views=(0, 1, 2),
    joint_forward=True,
    projector=dict(
        type='ltcl.Projector', in_channels=64, hidden_channels=512, out_channels=128, norm_cfg=dict(type='BN1d')
    ),
    head=dict(
        _delete_=True,
        type='ltcl.BCLHead',
        num_classes=100,
        in_channels=64,
        hidden_channels=512,
        feat_dim=128,
        alpha=2.0,
        beta=0.6,
        temperature=0.1,
    ),
)
train_pipeline = [
    dict(type='MultiView', num_views=[1, 2], transforms=[_base_.regular_view, _base_.sim_view]),
    dict(type='PackInputs'),
]
train_dataloader = dict(batch_size=256, drop_last=False, dataset=dict(pipeline=train_pipeline))
max_epochs = 200
optim_wrapper = dict(optimizer=dict(lr=0.15))
param_scheduler = dict(warmup_epochs=5, milestones=[159, 179], overshoot=False)
train_cfg = dict(max_epochs=max_epochs)
