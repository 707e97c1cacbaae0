# 400 epochs of ResCom on CIFAR, as intended: 10 epochs of linear warm-up, a tenth of the rate from epoch 321, a
# hundredth from epoch 361, counted from 1.
_base_ = './cifar-400e.py'

optim_wrapper = dict(optimizer=dict(lr=0.1))
param_scheduler = dict(milestones=[319, 359], overshoot=False)
