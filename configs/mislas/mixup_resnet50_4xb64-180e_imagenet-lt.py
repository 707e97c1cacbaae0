# Cross entropy with mixup on ImageNet-LT, ResNet-50: stage 1 of MiSLAS, by the authors' configuration.
# Improving Calibration for Long-Tailed Recognition, CVPR 2021, https://arxiv.org/abs/2104.00466
#
#     tools/dist_train.sh configs/mislas/mixup_resnet50_4xb64-180e_imagenet-lt.py 4
#
# Hardware: 4 GPUs, as published; float32.
# Batch: 256, 64 on each GPU, no accumulation; the last one is smaller. 180 epochs of 453 steps.
# Images: crop, flip and jitter, and mixup of the batch with alpha 0.2.
# Rate: 0.1 for the whole batch; for another one, in proportion. Cosine from the first epoch, weight decay 5e-4.
# Seed: 0.
# The best epoch on the validation list is scored on the test list.
# Top-1 of this stage in the authors' README: 45.5. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/imagenet-lt.py',
    '../_base_/models/classifier.py',
    '../_base_/schedules/imagenet-90e.py',
]

data_preprocessor = dict(batch_augments=dict(augments=dict(type='Mixup', alpha=0.2)))
model = dict(head=dict(num_classes=_base_.num_classes, loss=dict(use_soft=True)))
max_epochs = 180
train_dataloader = dict(batch_size=64, drop_last=False)
param_scheduler = dict(_delete_=True, type='CosineAnnealingLR', T_max=max_epochs)
train_cfg = dict(max_epochs=max_epochs)
