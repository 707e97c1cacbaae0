# 90 epochs of SGD, cosine without warm-up, in float32. The first epoch is already decayed, the last does not reach 0.
max_epochs = 90
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=5e-4))
param_scheduler = dict(type='ltcl.WarmupCosineLR', max_epochs=max_epochs)
train_cfg = dict(type='ltcl.ResumableTrainLoop', max_epochs=max_epochs, val_interval=1)
val_cfg = dict()
test_cfg = dict()
