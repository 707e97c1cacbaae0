# As seg-sgd-40k.py, a tenth as long, for own images and masks: --cfg-options max_iters=1000 for 1,000.
_base_ = './seg-sgd-40k.py'

max_iters = 4000
param_scheduler = [dict(type='PolyLR', power=0.9, eta_min=1e-4, by_epoch=False, begin=0, end=max_iters + 1)]
train_cfg = dict(max_iters=max_iters, val_interval=400)
