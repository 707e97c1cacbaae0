# BCL on Fashion-MNIST-LT `small`.
# Balanced Contrastive Learning for Long-Tailed Visual Recognition, CVPR 2022, https://arxiv.org/abs/2207.09052
#
#     python tools/train.py configs/bcl/bcl_resnet20_1xb128-100e_fashion-mnist-lt-small.py
#
# Test accuracy of the last epoch, seeds 0, 1, 2: 80.9 ± 0.2.
# alpha and beta are those of ImageNet-LT, the temperature that of the CIFAR recipe beside this file.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/fashion-mnist-lt-small.py',
    '../_base_/models/resnet20-grey.py',
    '../_base_/schedules/fashion-100e.py',
]

model = dict(
    type='ltcl.ContrastiveClassifier',
    online_views=(0, 1, 2),
    joint_forward=True,
    projector=dict(type='ltcl.Projector', in_channels=64, out_channels=32, norm_cfg=dict(type='BN1d')),
    head=dict(
        _delete_=True,
        type='ltcl.BCLHead',
        num_classes=10,
        in_channels=64,
        feat_dim=32,
        alpha=1.0,
        beta=0.35,
        temperature=0.1,
    ),
)
train_pipeline = [dict(type='ltcl.Views', blocks=['fashion'] * 3), dict(type='PackInputs')]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
default_hooks = dict(checkpoint=dict(interval=10))  # an epoch takes seconds; Ctrl-C saves a checkpoint of its own
