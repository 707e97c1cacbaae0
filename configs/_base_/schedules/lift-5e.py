# LIFT: SGD with rate 0.01 for 128 images a step, per-epoch cosine without warm-up, half precision; 5 epochs.
max_epochs = 5
optim_wrapper = dict(
    type='ltcl.Bfloat16OptimWrapper',
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4),
    constructor='ltcl.TrainedOnly',
)
param_scheduler = dict(type='CosineAnnealingLR', T_max=max_epochs)
train_cfg = dict(type='ltcl.ResumableTrainLoop', max_epochs=max_epochs, val_interval=1)
val_cfg = dict()
test_cfg = dict()
