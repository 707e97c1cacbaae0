# TSC, stage 1, on CIFAR-100-LT, imbalance factor 100, by the recipe in the supplement of the paper.
# Targeted Supervised Contrastive Learning for Long-Tailed Recognition, CVPR 2022, https://arxiv.org/abs/2111.13998
#
#     python tools/train.py configs/tsc/tsc_resnet32_1xb1024-1000e_cifar100-lt-if100.py
#
# As KCL there (one GPU, batch 1024, rate 0.5, K = 6, seed 0), and 25 copies of each target stand among the images of
# each view, class i at target i from the start. `all_targets_positive=False` is the released script: copies are drawn
# like images. True is what the author describes, all copies of the own target as positives.
# Stage 2: python tools/train.py configs/stage2/linear_tsc_resnet32_1xb128-40e_cifar100-lt-if100.py
# Top-1 of the paper: 43.8. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/cifar100-lt.py',
    '../_base_/models/kcl-in-batch.py',
    '../_base_/schedules/kcl-cifar-1000e.py',
]

model = dict(
    backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=32, init_cfg=_base_.pytorch_init),
    head=dict(
        type='ltcl.InBatchTSCHead',
        num_classes=_base_.num_classes,
        temperature=0.07,
        target_repeat=25,
        all_targets_positive=False,
    ),
)
train_pipeline = [dict(type='ltcl.Views', recipes=['sim_cifar_noblur', 'sim_cifar_noblur']), _base_.pack]
train_dataloader = dict(batch_size=1024, drop_last=False, dataset=dict(pipeline=train_pipeline))
val_evaluator = [dict(type='ltcl.KNNAccuracy')]
test_evaluator = val_evaluator
default_hooks = dict(checkpoint=dict(interval=10, save_best='knn/all'), feature_bank=dict(type='ltcl.FeatureBankHook'))
