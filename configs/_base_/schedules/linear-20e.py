# 20 epochs of stage 2, a tenth of the rate after one half and again after three quarters, no weight decay, in bfloat16.
optim_wrapper = dict(
    type='ltcl.Bfloat16OptimWrapper', optimizer=dict(type='SGD', lr=0.6, momentum=0.9, weight_decay=0.0)
)
param_scheduler = dict(type='MultiStepLR', milestones=[10, 15], gamma=0.1)
train_cfg = dict(type='ltcl.ResumableTrainLoop', max_epochs=20, val_interval=5)
val_cfg = dict()
test_cfg = dict()
