# MiSLAS on CIFAR-100-LT, imbalance factor 100: stage 2, by the authors' configuration.
# Improving Calibration for Long-Tailed Recognition, CVPR 2021, https://arxiv.org/abs/2104.00466
#
#     python tools/train.py configs/mislas/mislas_resnet32_1xb128-10e_cifar100-lt-if100.py
#
# Hardware: one GPU; float32.
# Batch: 128, no accumulation; the last one is smaller. 10 epochs of 85 steps, the classes in turn.
# Batch norm: shifted: in train mode, so that its running statistics become those of these batches.
# Rate: 0.1 for the scales of the classes, 0.02 for the classifier; cosine from the first epoch.
# Smoothing: 0.4 of the largest class, 0.1 of the smallest.
# Seed: 0.
# Top-1 in the authors' README, which is that of the best epoch on the test images, at imbalance factor 10 / 50 / 100:
#   63.2 / 52.3 / 47.0. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/cifar100-lt.py',
    '../_base_/models/linear.py',
]
stage1_config = 'configs/mislas/mixup_resnet32_1xb128-200e_cifar100-lt-if100.py'
load_from = 'work_dirs/mixup_resnet32_1xb128-200e_cifar100-lt-if100/epoch_200.pth'

model = dict(
    backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=32),
    head=dict(
        _delete_=True,
        type='ltcl.LWSHead',
        num_classes=_base_.num_classes,
        train_classifier=True,
        loss=dict(
            type='ltcl.LabelAwareSmoothingLoss', num_classes=_base_.num_classes, smooth_head=0.4, smooth_tail=0.1
        ),
    ),
)
train_pipeline = [
    dict(type='NumpyToPIL'),
    dict(type='torchvision/RandomCrop', size=32, padding=4),
    dict(type='torchvision/RandomHorizontalFlip'),
    dict(type='PILToNumpy'),
    _base_.pack,
]
train_dataloader = dict(
    sampler=dict(_delete_=True, type='ltcl.ClassAwareSampler', samples_per_class=1),
    drop_last=False,
    dataset=dict(pipeline=train_pipeline),
)
optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=2e-4),
    paramwise_cfg=dict(custom_keys={'head.fc': dict(lr_mult=0.2)}),
)
param_scheduler = dict(type='CosineAnnealingLR', T_max=10)
train_cfg = dict(type='ltcl.ResumableTrainLoop', max_epochs=10, val_interval=1)
val_cfg = dict()
test_cfg = dict()
# The classifier is loaded as well.
default_hooks = dict(strict_load=dict(ignore=[r'^(?!backbone\.|neck\.|head\.fc\.)']))
