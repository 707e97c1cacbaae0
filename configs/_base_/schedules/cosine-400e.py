# 400 epochs, per-epoch cosine after 10 epochs of linear warm-up. The first epoch after the warm-up is already decayed.
max_epochs = 400
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.02, momentum=0.9, weight_decay=5e-4))
param_scheduler = dict(type='ltcl.WarmupCosineLR', warmup_epochs=10, max_epochs=max_epochs)
train_cfg = dict(type='ltcl.ResumableTrainLoop', max_epochs=max_epochs, val_interval=10)
val_cfg = dict()
test_cfg = dict()
