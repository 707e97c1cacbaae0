# BCL on ImageNet-LT with ResNeXt-50 32x4d, both contrasted views simple: the paper's recipe.
# Balanced Contrastive Learning for Long-Tailed Visual Recognition, CVPR 2022, https://arxiv.org/abs/2207.09052
#
#     tools/dist_train.sh configs/bcl/bcl_resnext50-32x4d_4xb64-90e_imagenet-lt-sim-sim.py 4
#
# Four GPUs, batch 256 (64 on each), float32; SGD 0.1, cosine from the first epoch, weight decay 5e-4; alpha 1, beta
# 0.35, temperature 0.07, cosine classifier of scale 30; both MLPs 2048 -> 2048 -> 1024. 90 epochs of 453 steps.
# The best epoch on the validation list is scored on the test list.
# Top-1 of the authors' README: 57.2. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/imagenet-lt.py',
    '../_base_/models/resnext50-32x4d.py',
    '../_base_/schedules/imagenet-90e.py',
]

model = dict(
    type='ltcl.ContrastiveClassifier',
    online_views=(0, 1, 2),
    joint_forward=True,
    projector=dict(type='ltcl.Projector', in_channels=2048, out_channels=1024, norm_cfg=dict(type='BN1d')),
    head=dict(
        _delete_=True,
        type='ltcl.BCLHead',
        num_classes=1000,
        in_channels=2048,
        feat_dim=1024,
        alpha=1.0,
        beta=0.35,
        temperature=0.07,
        cosine_scale=30.0,
    ),
)
train_pipeline = [
    _base_.load,
    dict(type='MultiView', num_views=[1, 2], transforms=[_base_.cls_view, _base_.sim_view]),
    dict(type='PackInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
