# Cross entropy with mixup on CIFAR-100-LT, imbalance factor 100: stage 1 of MiSLAS, by the authors' configuration.
# Improving Calibration for Long-Tailed Recognition, CVPR 2021, https://arxiv.org/abs/2104.00466
#
#     python tools/train.py configs/mislas/mixup_resnet32_1xb128-200e_cifar100-lt-if100.py
#
# Hardware: one GPU; float32.
# Batch: 128, no accumulation; the last one is smaller. 200 epochs of 85 steps.
# Images: crop and flip, and mixup of the batch with alpha 1.
# Rate: 0.1 after 5 epochs of warm-up, a tenth of it from epoch 160 and again from epoch 180 (counted from 0).
# Weight decay: 2e-4, as in the configuration; the authors' README recommends 5e-4 for better results.
# Seed: 0.
# Top-1 of this stage in the authors' README, at imbalance factor 10 / 50 / 100: 59.1 / 45.4 / 39.5. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/cifar100-lt.py',
    '../_base_/models/classifier.py',
    '../_base_/schedules/bcl-cifar-200e.py',
]

data_preprocessor = dict(batch_augments=dict(augments=dict(type='Mixup', alpha=1.0)))
model = dict(
    backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=32),
    head=dict(num_classes=_base_.num_classes, loss=dict(use_soft=True)),
)
train_pipeline = [
    dict(type='NumpyToPIL'),
    dict(type='torchvision/RandomCrop', size=32, padding=4),
    dict(type='torchvision/RandomHorizontalFlip'),
    dict(type='PILToNumpy'),
    _base_.pack,
]
train_dataloader = dict(drop_last=False, dataset=dict(pipeline=train_pipeline))
optim_wrapper = dict(optimizer=dict(lr=0.1, weight_decay=2e-4))
