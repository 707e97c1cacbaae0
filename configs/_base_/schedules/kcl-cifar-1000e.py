# 1,000 epochs of SGD: warm-up by iteration over 10 epochs, cosine by epoch to a thousandth of the rate, in float32.
max_epochs = 1000
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.5, momentum=0.9, weight_decay=1e-4))
param_scheduler = dict(
    type='ltcl.IterWarmupCosineLR', warmup_epochs=10, max_epochs=max_epochs, convert_to_iter_based=True
)
train_cfg = dict(type='ltcl.ResumableTrainLoop', max_epochs=max_epochs, val_interval=50)
val_cfg = dict()
test_cfg = dict()
