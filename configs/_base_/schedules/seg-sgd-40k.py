# 40,000 iterations of SGD with a poly decay to 1e-4 and no warm-up, in float32. mmengine counts one iteration less than
# it is told, hence the + 1: the rates are exactly those of mmsegmentation 0.x.
max_iters = 40000
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4))
param_scheduler = [dict(type='PolyLR', power=0.9, eta_min=1e-4, by_epoch=False, begin=0, end=max_iters + 1)]
train_cfg = dict(type='ltcl.ResumableIterTrainLoop', max_iters=max_iters, val_interval=4000)
val_cfg = dict()
test_cfg = dict()
