# MiSLAS on ImageNet-LT, ResNet-50: stage 2, by the authors' configuration.
# Improving Calibration for Long-Tailed Recognition, CVPR 2021, https://arxiv.org/abs/2104.00466
#
#     python tools/train.py configs/mislas/mislas_resnet50_1xb256-10e_imagenet-lt.py
#
# Hardware: one GPU, as published; float32.
# Batch: 256, no accumulation; the last one is smaller. 10 epochs of 453 steps, the classes in turn.
# Batch norm: shifted: in train mode, so that its running statistics become those of these batches.
# Rate: 0.1 for the scales of the classes, 0.005 for the classifier; cosine from the first epoch, weight decay 5e-4.
# Smoothing: 0.3 of the largest class, 0 of the smallest.
# Seed: 0.
# The best epoch on the validation list is scored on the test list; the authors keep the best one on the test list.
# Top-1 in the authors' README: 52.7. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/imagenet-lt.py',
    '../_base_/models/linear.py',
]
stage1_config = 'configs/mislas/mixup_resnet50_4xb64-180e_imagenet-lt.py'
load_from = 'work_dirs/mixup_resnet50_4xb64-180e_imagenet-lt/epoch_180.pth'

model = dict(
    head=dict(
        _delete_=True,
        type='ltcl.LWSHead',
        num_classes=_base_.num_classes,
        train_classifier=True,
        loss=dict(
            type='ltcl.LabelAwareSmoothingLoss', num_classes=_base_.num_classes, smooth_head=0.3, smooth_tail=0.0
        ),
    ),
)
train_dataloader = dict(
    batch_size=256,
    sampler=dict(_delete_=True, type='ltcl.ClassAwareSampler', samples_per_class=1),
    drop_last=False,
)
optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=5e-4),
    paramwise_cfg=dict(custom_keys={'head.fc': dict(lr_mult=0.05)}),
)
param_scheduler = dict(type='CosineAnnealingLR', T_max=10)
train_cfg = dict(type='ltcl.ResumableTrainLoop', max_epochs=10, val_interval=1)
val_cfg = dict()
test_cfg = dict()
# The classifier is loaded as well.
default_hooks = dict(strict_load=dict(ignore=[r'^(?!backbone\.|neck\.|head\.fc\.)']))
