# 100 epochs of SGD with warm-up and cosine, in bfloat16.
max_epochs = 100
warmup_epochs = 5
optim_wrapper = dict(
    type='ltcl.Bfloat16OptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=5e-4)
)
param_scheduler = [
    dict(type='LinearLR', start_factor=1 / warmup_epochs, end=warmup_epochs),
    dict(type='CosineAnnealingLR', T_max=max_epochs - warmup_epochs + 1, begin=warmup_epochs - 1, end=max_epochs),
]
train_cfg = dict(type='ltcl.ResumableTrainLoop', max_epochs=max_epochs, val_interval=20)
val_cfg = dict()
test_cfg = dict()
