# Nearest class mean on the encoder of a cross-entropy run, Fashion-MNIST-LT `small`. Nothing is trained: tools/test.py.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/fashion-mnist-lt-small.py',
    '../_base_/models/classifier.py',
]

visualizer = _base_.tracked
stage1_config = 'configs/cross_entropy/cross-entropy_resnet20_1xb128-100e_fashion-mnist-lt-small.py'

model = dict(
    backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=20, in_channels=1),
    head=dict(_delete_=True, type='ltcl.NearestClassMeanHead', num_classes=_base_.num_classes),
)
training_images = dict(_base_.train_dataloader['dataset'], pipeline=_base_.test_pipeline)
default_hooks = dict(
    strict_load=dict(ignore=_base_.non_encoder),
    feature_bank=dict(type='ltcl.FeatureBankHook', dataloader=dict(_base_.test_dataloader, dataset=training_images)),
)
train_dataloader = None
train_cfg = None
optim_wrapper = None
val_cfg = dict()
test_cfg = dict()
val_evaluator = [*_base_.val_evaluator, dict(type='ltcl.KNNAccuracy')]
test_evaluator = val_evaluator
