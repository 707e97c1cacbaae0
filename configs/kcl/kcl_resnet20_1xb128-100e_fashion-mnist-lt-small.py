# KCL, stage 1: contrastive training of the encoder, Fashion-MNIST-LT `small`.
# Exploring Balanced Feature Spaces for Representation Learning, ICLR 2021, https://openreview.net/forum?id=OqtLIabPTit
#
#     python tools/train.py configs/kcl/kcl_resnet20_1xb128-100e_fashion-mnist-lt-small.py
#
# The contrast is within the batch, as the authors of TSC train it on CIFAR. There is no classifier yet; validation is
# by k nearest neighbours. Test accuracy after stage 2, seeds 0, 1, 2: 74.6 ± 1.2. Stage 2:
#     python tools/train.py configs/stage2/linear_kcl_resnet20_1xb128-20e_fashion-mnist-lt-small.py
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/fashion-mnist-lt-small.py',
    '../_base_/models/kcl-in-batch.py',
    '../_base_/schedules/fashion-100e.py',
]

visualizer = _base_.tracked
temperature = 0.2
model = dict(
    backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=20, in_channels=1),
    projector=dict(out_channels=32),
    head=dict(num_classes=_base_.num_classes, temperature=temperature, base_temperature=temperature),
)
train_dataloader = dict(dataset=dict(pipeline=_base_.two_view_pipeline))
val_evaluator = [dict(type='ltcl.KNNAccuracy')]
test_evaluator = val_evaluator
default_hooks = dict(checkpoint=dict(interval=10, save_best='knn/all'), feature_bank=dict(type='ltcl.FeatureBankHook'))
