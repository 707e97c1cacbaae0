# 100 epochs for own images, per-epoch cosine after 10 epochs of linear warm-up: --cfg-options max_epochs=30 for 30.
# 32 images a step have a quarter of the rate that GPaCo has for 128 on ImageNet-LT.
max_epochs = 100
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4))
param_scheduler = dict(type='ltcl.WarmupCosineLR', warmup_epochs=10, max_epochs=max_epochs)
train_cfg = dict(type='ltcl.ResumableTrainLoop', max_epochs=max_epochs, val_interval=5)
val_cfg = dict()
test_cfg = dict()
