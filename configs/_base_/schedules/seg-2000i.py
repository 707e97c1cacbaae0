# 2,000 iterations of AdamW with a linear warm-up on top of a poly decay from the first iteration on, in bfloat16.
max_iters = 2000
warmup_iters = 100
optim_wrapper = dict(type='ltcl.Bfloat16OptimWrapper', optimizer=dict(type='AdamW', lr=6e-3, weight_decay=1e-2))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, by_epoch=False, begin=0, end=warmup_iters),
    dict(type='PolyLR', power=0.9, eta_min=0.0, by_epoch=False, begin=0, end=max_iters),
]
train_cfg = dict(type='ltcl.ResumableIterTrainLoop', max_iters=max_iters, val_interval=500)
val_cfg = dict()
test_cfg = dict()
