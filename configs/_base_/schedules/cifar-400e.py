# 400 epochs of the CIFAR-LT recipes: linear warm-up that overshoots by one epoch, decay after epochs 320 and 360.
max_epochs = 400
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=5e-4))
param_scheduler = dict(type='ltcl.WarmupStepLR', warmup_epochs=10, milestones=[320, 360])
train_cfg = dict(type='ltcl.ResumableTrainLoop', max_epochs=max_epochs, val_interval=10)
val_cfg = dict()
test_cfg = dict()
