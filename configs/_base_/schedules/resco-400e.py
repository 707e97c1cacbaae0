# 400 epochs of ResCo: linear warm-up over 10 epochs, the last of them at the full rate, then a cosine that ends at
# 1e-5 of it in the last epoch.
max_epochs = 400
warmup_epochs = 10
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.06, momentum=0.9, weight_decay=5e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=1 / warmup_epochs, end=warmup_epochs),
    dict(
        type='CosineAnnealingLR',
        T_max=max_epochs - warmup_epochs,
        begin=warmup_epochs - 1,
        end=max_epochs,
        eta_min_ratio=1e-5,
    ),
]
train_cfg = dict(type='ltcl.ResumableTrainLoop', max_epochs=max_epochs, val_interval=10)
val_cfg = dict()
test_cfg = dict()
