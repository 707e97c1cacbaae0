# MAE's fine-tuning: 100 epochs of AdamW in half precision, the rate falls from layer to layer towards the input.
#
# 1,024 images a step on 8 GPUs: 32 of each, gradients of 4 batches summed. The rate is 5e-4 for 256 images, scaled
# linearly. Vectors (biases, norms), class token and position embedding have no weight decay.
max_epochs = 100
accumulative_counts = 4
base_lr = 2e-3
optim_wrapper = dict(
    type='ltcl.Bfloat16OptimWrapper',
    accumulative_counts=accumulative_counts,
    optimizer=dict(type='AdamW', lr=base_lr, weight_decay=0.05, betas=(0.9, 0.999)),
    constructor='LearningRateDecayOptimWrapperConstructor',
    paramwise_cfg=dict(
        layer_decay_rate=0.65,
        norm_decay_mult=0.0,
        flat_decay_mult=0.0,
        custom_keys={'.cls_token': dict(decay_mult=0.0), '.pos_embed': dict(decay_mult=0.0)},
    ),
)
param_scheduler = dict(
    type='ltcl.IterCosineLR',
    max_epochs=max_epochs,
    warmup_epochs=5,
    min_factor=1e-6 / base_lr,
    interval=accumulative_counts,
    convert_to_iter_based=True,
)
train_cfg = dict(type='ltcl.ResumableTrainLoop', max_epochs=max_epochs, val_interval=1)
val_cfg = dict()
test_cfg = dict()
