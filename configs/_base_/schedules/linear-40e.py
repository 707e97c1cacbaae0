# 40 epochs of stage 2: a tenth of the rate after 20 and again after 30, no weight decay, in float32. The rate is for a
# batch of 2048.
optim_wrapper = dict(optimizer=dict(type='SGD', lr=10.0, momentum=0.9, weight_decay=0.0))
param_scheduler = dict(type='MultiStepLR', milestones=[20, 30], gamma=0.1)
train_cfg = dict(type='ltcl.ResumableTrainLoop', max_epochs=40, val_interval=5)
val_cfg = dict()
test_cfg = dict()
