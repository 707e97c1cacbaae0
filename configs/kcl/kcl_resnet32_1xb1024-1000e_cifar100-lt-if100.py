# KCL, stage 1, on CIFAR-100-LT, imbalance factor 100, by the recipe in the supplement of the TSC paper.
# Exploring Balanced Feature Spaces for Representation Learning, ICLR 2021, https://openreview.net/forum?id=OqtLIabPTit
# Targeted Supervised Contrastive Learning for Long-Tailed Recognition, CVPR 2022, https://arxiv.org/abs/2111.13998
#
#     python tools/train.py configs/kcl/kcl_resnet32_1xb1024-1000e_cifar100-lt-if100.py
#
# The contrast is within the batch: no queue, no momentum encoder. One GPU, batch 1024, float32, 1,000 epochs of 11
# steps. The supplement gives epochs, batch, rate and cosine; the rest is the released script's default, and K = 6 that
# of ImageNet-LT (the script's default is all). Stage 2 follows on the features. Top-1 of the paper: 42.8. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/cifar100-lt.py',
    '../_base_/models/resnet32-cifar.py',
]

# PyTorch's own initialisation of a convolution: the script sets none in this stage.
pytorch_init = dict(
    type='Kaiming', layer='Conv2d', a=5**0.5, mode='fan_in', nonlinearity='leaky_relu', distribution='uniform'
)
model = dict(
    type='ltcl.ContrastiveClassifier',
    online_views=(0, 1),
    joint_forward=True,
    backbone=dict(init_cfg=pytorch_init),
    projector=dict(type='ltcl.Projector', in_channels=64, out_channels=128, num_layers=2),
    head=dict(_delete_=True, type='ltcl.InBatchKCLHead', num_classes=100, num_positives=6, temperature=0.07),
)
train_pipeline = [
    dict(type='MultiView', num_views=2, transforms=[_base_.sim_unblurred]),
    dict(type='PackInputs'),
]
train_dataloader = dict(batch_size=1024, drop_last=False, dataset=dict(pipeline=train_pipeline))
val_evaluator = [dict(type='ltcl.KNNAccuracy')]
test_evaluator = val_evaluator

max_epochs = 1000
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.5, momentum=0.9, weight_decay=1e-4))
param_scheduler = dict(type='ltcl.IterWarmupCosineLR', max_epochs=max_epochs, convert_to_iter_based=True)
train_cfg = dict(type='ltcl.ResumableTrainLoop', max_epochs=max_epochs, val_interval=50)
val_cfg = dict()
test_cfg = dict()
custom_hooks = [*_base_.custom_hooks, dict(type='ltcl.FeatureBankHook')]
default_hooks = dict(checkpoint=dict(interval=10, save_best='knn/all'))
