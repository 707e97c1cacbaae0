# 200 epochs of BCL on CIFAR: 5 of linear warm-up, a tenth of the rate from epoch 160 and again from 180 (from 0).
_base_ = './cifar-400e.py'

max_epochs = 200
optim_wrapper = dict(optimizer=dict(lr=0.15))
param_scheduler = dict(warmup_epochs=5, milestones=[159, 179], overshoot=False)
train_cfg = dict(max_epochs=max_epochs)
