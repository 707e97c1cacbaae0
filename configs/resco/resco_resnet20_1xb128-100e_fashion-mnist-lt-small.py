# ResCo on Fashion-MNIST-LT `small`.
# Rebalanced Siamese Contrastive Mining for Long-Tailed Recognition, https://arxiv.org/abs/2203.11506
#
#     python tools/train.py configs/resco/resco_resnet20_1xb128-100e_fashion-mnist-lt-small.py
#
# Test accuracy of the last epoch, seeds 0, 1, 2: 80.2 ± 0.5. Temperature, weight and queues are those of ImageNet-LT.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/fashion-mnist-lt-small.py',
    '../_base_/models/resco.py',
    '../_base_/schedules/fashion-100e.py',
]

visualizer = _base_.tracked
model = dict(
    backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=20, in_channels=1),
    projector=dict(out_channels=32),
    head=dict(num_classes=_base_.num_classes),
)
train_dataloader = dict(dataset=dict(pipeline=_base_.two_view_pipeline))
default_hooks = dict(checkpoint=dict(interval=10))  # an epoch takes seconds; Ctrl-C saves a checkpoint of its own
optim_wrapper = dict(optimizer=dict(weight_decay=1e-3))  # both views fit the few tail images at each step
