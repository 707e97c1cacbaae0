# 30 epochs from a pre-trained network, per-epoch cosine after 5 epochs of linear warm-up.
max_epochs = 30
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.02, momentum=0.9, weight_decay=5e-4))
param_scheduler = dict(type='ltcl.WarmupCosineLR', warmup_epochs=5, max_epochs=max_epochs)
train_cfg = dict(type='ltcl.ResumableTrainLoop', max_epochs=max_epochs, val_interval=1)
val_cfg = dict()
test_cfg = dict()
