# GPaCo on ImageNet with ViT-L/16, its weights, gradients and optimizer state spread over the GPUs (FSDP).
#
#     tools/dist_train.sh configs/gpaco/gpaco-sharded_vit-large_8xb16-50e_imagenet.py 8
#
# For GPUs that hold no ViT-L beside its activations: of 4.9 GB of weights, gradients and AdamW's state each of eight
# keeps 0.6. The training is that of gpaco_vit-large_8xb16-50e_imagenet.py, and its checkpoints are of the same form: a
# run may go on with either, as tests/test_engine/test_sharded.py has a small ViT do. Not run here.
_base_ = './gpaco_vit-base_8xb32-100e_imagenet.py'
load_from = 'checkpoints/mae_pretrain_vit_large.ltcl.pth'

model = dict(backbone=dict(arch='large', drop_path_rate=0.2))
max_epochs = 50
base_lr = 4e-3
optim_wrapper = dict(accumulative_counts=8, optimizer=dict(lr=base_lr), paramwise_cfg=dict(layer_decay_rate=0.75))
param_scheduler = dict(max_epochs=max_epochs, min_factor=1e-6 / base_lr, interval=8)
train_cfg = dict(max_epochs=max_epochs)
train_dataloader = dict(batch_size=16)

model_wrapper_cfg = dict(type='ltcl.FullyShardedModel')
