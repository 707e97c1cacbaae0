# 160,000 iterations of AdamW at 6e-5 for 16 images, in float32; no decay of norms of the encoder and position tables.
# A linear warm-up of 1,500 iterations lies on top of a decay to 0 that runs from the first iteration on. mmengine
# counts one iteration less than it is told, hence the + 1: the rates are exactly those of mmsegmentation 0.x.
max_iters = 160000
warmup_iters = 1500
no_decay = dict(decay_mult=0.0)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=6e-5, betas=(0.9, 0.999), weight_decay=0.01),
    paramwise_cfg=dict(
        custom_keys=dict(absolute_pos_embed=no_decay, relative_position_bias_table=no_decay, norm=no_decay)
    ),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-6, by_epoch=False, begin=0, end=warmup_iters + 1),
    dict(type='PolyLR', power=1.0, eta_min=0.0, by_epoch=False, begin=0, end=max_iters + 1),
]
train_cfg = dict(type='ltcl.ResumableIterTrainLoop', max_iters=max_iters, val_interval=4000)
val_cfg = dict()
test_cfg = dict()
