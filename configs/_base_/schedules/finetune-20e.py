# Fine-tuning for 20 epochs: SGD with rate 0.01 for 32 images a step, one epoch of warm-up, then per-epoch cosine.
# The optimizer gets what is trained, and nothing else.
max_epochs = 20
optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4),
    constructor='ltcl.TrainedOnly',
)
param_scheduler = dict(type='ltcl.WarmupCosineLR', warmup_epochs=1, max_epochs=max_epochs)
train_cfg = dict(type='ltcl.ResumableTrainLoop', max_epochs=max_epochs, val_interval=1)
val_cfg = dict()
test_cfg = dict()
