# 100 epochs for own images, per-epoch cosine after 10 epochs of linear warm-up: --cfg-options max_epochs=30 for 30.
# 32 images a step have a quarter of the rate that GPaCo has for 128 on ImageNet-LT.
_base_ = './cosine-400e.py'

max_epochs = 100
optim_wrapper = dict(optimizer=dict(lr=0.01))
param_scheduler = dict(max_epochs=max_epochs)
train_cfg = dict(max_epochs=max_epochs, val_interval=5)
