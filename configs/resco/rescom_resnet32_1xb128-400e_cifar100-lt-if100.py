# ResCom on CIFAR-100-LT, imbalance factor 100.
# Rebalanced Siamese Contrastive Mining for Long-Tailed Recognition, https://arxiv.org/abs/2203.11506
#
#     python tools/train.py configs/resco/rescom_resnet32_1xb128-400e_cifar100-lt-if100.py
#
# The authors' recipe, which is in the history of their repository but not in its last state. Weight decay, momentum and
# the length of the warm-up are defaults of their code, since the recipe does not set them. The schedule is the intended
# one: rate 0.1 from epoch 10, a tenth of it from epoch 321, a hundredth from epoch 361 (epochs counted from 1). In the
# released code the rate stays at 0.1 throughout; README.md says how to get that.
# The authors report 53.8, for the best epoch on the test images. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/cifar100-lt.py',
    '../_base_/models/resnet32-cifar.py',
    '../_base_/schedules/cifar-400e.py',
]

model = dict(
    type='ltcl.ContrastiveClassifier',
    online_views=(0, 1),
    joint_forward=True,
    projector=dict(type='ltcl.Projector', in_channels=64, out_channels=32, norm_cfg=dict(type='BN1d')),
    head=dict(
        _delete_=True,
        type='ltcl.ResComHead',
        num_classes=100,
        in_channels=64,
        feat_dim=32,
        queue_per_class=10,
        num_hard_positives=1,
        num_hard_negatives=400,
        temperature=0.2,
        con_weight=0.5,
        effective_number_beta=0.999999,
    ),
)
train_pipeline = [
    dict(type='MultiView', num_views=2, transforms=[_base_.regular_view]),
    dict(type='PackInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
optim_wrapper = dict(optimizer=dict(lr=0.1))
param_scheduler = dict(milestones=[319, 359], overshoot=False)
