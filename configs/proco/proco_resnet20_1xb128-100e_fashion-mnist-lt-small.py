# ProCo on Fashion-MNIST-LT `small`.
# Probabilistic Contrastive Learning for Long-Tailed Visual Recognition, TPAMI 2024, https://arxiv.org/abs/2403.06726
#
#     python tools/train.py configs/proco/proco_resnet20_1xb128-100e_fashion-mnist-lt-small.py
#
# alpha, temperature and the linear classifier are those of the CIFAR recipe beside this file, the width of the
# embeddings is that of the other methods here. Test accuracy of seeds 0, 1, 2: not run here.
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
        type='ltcl.ProCoHead',
        num_classes=10,
        in_channels=64,
        feat_dim=32,
        temperature=0.1,
        cosine_scale=None,
    ),
)
train_pipeline = [dict(type='MultiView', num_views=3, transforms=[_base_.view]), dict(type='PackInputs')]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
default_hooks = dict(
    checkpoint=dict(interval=10),  # an epoch takes seconds; Ctrl-C saves a checkpoint of its own
    class_means=dict(type='ltcl.ClassMeansHook'),
)
