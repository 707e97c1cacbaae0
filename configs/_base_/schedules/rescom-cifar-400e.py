# 400 epochs of ResCom on CIFAR, as intended: 10 epochs of linear warm-up, a tenth of the rate from epoch 321, a
# hundredth from epoch 361, counted from 1.
max_epochs = 400
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=5e-4))
param_scheduler = dict(type='ltcl.WarmupStepLR', warmup_epochs=10, milestones=[319, 359], overshoot=False)
train_cfg = dict(type='ltcl.ResumableTrainLoop', max_epochs=max_epochs, val_interval=10)
val_cfg = dict()
test_cfg = dict()
