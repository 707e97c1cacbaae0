# BalPoE with three experts on CIFAR-100-LT, imbalance factor 100: the authors' standard training.
# Balanced Product of Calibrated Experts for Long-Tailed Recognition, CVPR 2023, https://arxiv.org/abs/2206.05260
#
#     python tools/train.py configs/balpoe/balpoe_resnet32_1xb128-200e_cifar100-lt-if100.py
#
# Hardware: one GPU; float32.
# Batch: 128, no accumulation; the last one is smaller. 200 epochs of 85 steps.
# Images: crop, flip, rotation by up to 15 degrees, and mixup of the batch with alpha 0.4.
# Rate: 0.1 after 5 epochs of warm-up, a tenth of it from epoch 160 and again from epoch 180 (counted from 0); Nesterov.
# Seed: 0; the paper takes the mean of five runs.
# Experts: tau 0, 1 and 2, which are lambda 1, 0 and -1 in the paper; cosine classifiers of scale 30.
# The experts share the whole network; in the original each has its own two last stages. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/cifar100-lt.py',
    '../_base_/models/classifier.py',
    '../_base_/schedules/bcl-cifar-200e.py',
]

data_preprocessor = dict(batch_augments=dict(augments=dict(type='Mixup', alpha=0.4)))
model = dict(
    backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=32),
    head=dict(_delete_=True, type='ltcl.BalPoEHead', num_classes=_base_.num_classes, taus=(0.0, 1.0, 2.0)),
)
train_pipeline = [
    dict(type='NumpyToPIL'),
    dict(type='torchvision/RandomCrop', size=32, padding=4),
    dict(type='torchvision/RandomHorizontalFlip'),
    dict(type='torchvision/RandomRotation', degrees=15),
    dict(type='PILToNumpy'),
    _base_.pack,
]
train_dataloader = dict(drop_last=False, dataset=dict(pipeline=train_pipeline))
optim_wrapper = dict(optimizer=dict(lr=0.1, nesterov=True))
