# BCL on iNaturalist 2018 with ResNet-50, both contrasted views simple: the command of the authors' README.
# Balanced Contrastive Learning for Long-Tailed Visual Recognition, CVPR 2022, https://arxiv.org/abs/2207.09052
#
#     tools/dist_train.sh configs/bcl/bcl_resnet50_4xb64-100e_inat2018.py 4
#
# Hardware: 4 GPUs, as published; float32.
# Batch: 256, 64 on each GPU, no accumulation; the last one is smaller. 100 epochs of 1,710 steps. A public
#   reproduction (ConCutMix) has 128 with 2 steps of accumulation instead, which halves what each image is contrasted
#   with.
# Batch norm: on each GPU, over the three views of its images.
# Rate: 0.2 for the whole batch; for another one, in proportion. Cosine from the first epoch, weight decay 1e-4.
# Seed: 0; the original sets none.
# The best epoch is chosen on the 24,426 images that are also the test, as published.
# The README gives no accuracy. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/inat2018.py',
    '../_base_/models/bcl.py',
    '../_base_/schedules/imagenet-90e.py',
]

model = dict(head=dict(num_classes=_base_.num_classes, alpha=1.0, beta=0.35, temperature=0.07, cosine_scale=30.0))
train_pipeline = [_base_.load, dict(type='ltcl.Views', recipes=['randcls', 'bcl_sim', 'bcl_sim']), _base_.pack]
train_dataloader = dict(batch_size=64, drop_last=False, dataset=dict(pipeline=train_pipeline))
max_epochs = 100
optim_wrapper = dict(optimizer=dict(lr=0.2, weight_decay=1e-4))
param_scheduler = dict(max_epochs=max_epochs)
train_cfg = dict(max_epochs=max_epochs)
