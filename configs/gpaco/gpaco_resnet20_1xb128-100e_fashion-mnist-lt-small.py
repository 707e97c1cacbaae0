# GPaCo on Fashion-MNIST-LT `small`: the demo of `make train`.
# Generalized Parametric Contrastive Learning, TPAMI 2023, https://arxiv.org/abs/2209.12400
#
#     python tools/train.py configs/gpaco/gpaco_resnet20_1xb128-100e_fashion-mnist-lt-small.py
#
# About 4 1/2 minutes on two CPU cores. Test accuracy of the last epoch, seeds 0, 1, 2: 80.3 ± 0.8.
# How alpha, temperature, momentum and weight decay were chosen: configs/paco/README.md.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/fashion-mnist-lt-small.py',
    '../_base_/models/gpaco.py',
    '../_base_/schedules/fashion-100e.py',
]

visualizer = _base_.tracked
model = dict(
    backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=20, in_channels=1),
    projector=dict(out_channels=32),
    head=dict(num_classes=_base_.num_classes, queue_len=512, alpha=0.005, temperature=0.2),
)
train_dataloader = dict(dataset=dict(pipeline=_base_.two_view_pipeline))
default_hooks = dict(checkpoint=dict(interval=10))  # an epoch takes seconds; Ctrl-C saves a checkpoint of its own
optim_wrapper = dict(optimizer=dict(weight_decay=1e-3))  # both views fit the few tail images at each step
