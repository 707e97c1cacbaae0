# ProCo on CIFAR-100-LT, imbalance factor 100, the authors' long recipe.
#
#     python tools/train.py configs/proco/proco_resnet32_1xb256-400e_cifar100-lt-if100.py
#
# 400 epochs of 43 steps: 10 of warm-up, a tenth of the rate from epoch 360 and again from epoch 380 (counted from 0).
# Hardware, batch, batch norm, rate and seed as in the recipe of 200 epochs beside this file.
# Top-1 of the paper: 54.2. Not run here.
_base_ = './proco_resnet32_1xb256-200e_cifar100-lt-if100.py'

max_epochs = 400
param_scheduler = dict(warmup_epochs=10, milestones=[359, 379])
train_cfg = dict(max_epochs=max_epochs)
