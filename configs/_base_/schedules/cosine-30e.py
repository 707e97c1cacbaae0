# 30 epochs from a pre-trained network, per-epoch cosine after 5 epochs of linear warm-up.
_base_ = './cosine-400e.py'

max_epochs = 30
param_scheduler = dict(warmup_epochs=5, max_epochs=max_epochs)
train_cfg = dict(max_epochs=max_epochs, val_interval=1)
