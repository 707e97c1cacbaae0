# Cross entropy on ImageNet with ViT-L/16, fine-tuned from MAE by MAE's own recipe.
#
#     tools/dist_train.sh configs/cross_entropy/cross-entropy_vit-large_8xb16-50e_imagenet.py 8
#
# Eight GPUs, 16 images of each, gradients of 8 batches summed: 1,024 images a step; AdamW 4e-3 (1e-3 for 256 images),
# layer decay 0.75, drop path 0.2; 50 epochs. All else as ViT-B.
# Top-1 of the GPaCo authors' README: 85.7. Not run here.
_base_ = './cross-entropy_vit-base_8xb32-100e_imagenet.py'
load_from = 'checkpoints/mae_pretrain_vit_large.ltcl.pth'

model = dict(backbone=dict(arch='large', drop_path_rate=0.2))
max_epochs = 50
base_lr = 4e-3
optim_wrapper = dict(accumulative_counts=8, optimizer=dict(lr=base_lr), paramwise_cfg=dict(layer_decay_rate=0.75))
param_scheduler = dict(max_epochs=max_epochs, min_factor=1e-6 / base_lr, interval=8)
train_cfg = dict(max_epochs=max_epochs)
train_dataloader = dict(batch_size=16)
