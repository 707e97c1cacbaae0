# 200 epochs of BCL on CIFAR: 5 of linear warm-up, a tenth of the rate from epoch 160 and again from 180 (from 0).
max_epochs = 200
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.15, momentum=0.9, weight_decay=5e-4))
param_scheduler = dict(type='ltcl.WarmupStepLR', warmup_epochs=5, milestones=[159, 179], overshoot=False)
train_cfg = dict(type='ltcl.ResumableTrainLoop', max_epochs=max_epochs, val_interval=10)
val_cfg = dict()
test_cfg = dict()
