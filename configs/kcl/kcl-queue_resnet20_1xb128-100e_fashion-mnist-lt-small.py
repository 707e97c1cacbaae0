# KCL with a momentum encoder and a queue, the form for ImageNet-LT and iNaturalist, on Fashion-MNIST-LT `small`.
#
#     python tools/train.py configs/kcl/kcl-queue_resnet20_1xb128-100e_fashion-mnist-lt-small.py
#
# With ten classes it stays behind the form within the batch (README.md): the largest one fills 40 % of the queue, and
# all but K of its rows push their own class away. Stage 2:
#     python tools/train.py configs/stage2/linear_kcl_resnet20_1xb128-20e_fashion-mnist-lt-small.py \
#       --cfg-options load_from=work_dirs/kcl-queue_resnet20_1xb128-100e_fashion-mnist-lt-small/epoch_100.pth
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/fashion-mnist-lt-small.py',
    '../_base_/models/kcl-queue.py',
    '../_base_/schedules/fashion-100e.py',
]

visualizer = _base_.tracked
model = dict(
    backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=20, in_channels=1),
    projector=dict(out_channels=32),
    head=dict(num_classes=_base_.num_classes, queue_len=512, temperature=0.1),
)
train_dataloader = dict(dataset=dict(pipeline=_base_.two_view_pipeline))
val_evaluator = [dict(type='ltcl.KNNAccuracy')]
test_evaluator = val_evaluator
default_hooks = dict(
    checkpoint=dict(interval=10, save_best='knn/all'),
    feature_bank=dict(type='ltcl.FeatureBankHook'),
    momentum_update=dict(type='ltcl.MomentumUpdateHook', momentum=0.99),  # 900 steps: see configs/paco/README.md
)
