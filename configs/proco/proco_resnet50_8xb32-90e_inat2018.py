# ProCo on iNaturalist 2018 with ResNet-50: the authors' script.
# Probabilistic Contrastive Learning for Long-Tailed Visual Recognition, TPAMI 2024, https://arxiv.org/abs/2403.06726
#
#     tools/dist_train.sh configs/proco/proco_resnet50_8xb32-90e_inat2018.py 8
#
# Hardware: 8 GPUs, as published; float32.
# Batch: 256, 32 on each GPU, no accumulation; the last one is smaller. 90 epochs of 1,710 steps.
# Batch norm: on each GPU, over the three views of its images.
# Rate: 0.2 for the whole batch; for another one, in proportion. Cosine from the first epoch, weight decay 1e-4.
# Seed: 0; the original sets none.
# The best epoch is chosen on the 24,426 images that are also the test.
# Top-1 of the paper: 73.5. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/inat2018.py',
    '../_base_/models/bcl.py',
    '../_base_/schedules/imagenet-90e.py',
]

model = dict(head=dict(type='ltcl.ProCoHead', num_classes=_base_.num_classes, temperature=0.07, cosine_scale=30.0))
train_pipeline = [_base_.load, dict(type='ltcl.Views', recipes=['randcls', 'bcl_sim', 'bcl_sim']), _base_.pack]
train_dataloader = dict(drop_last=False, dataset=dict(pipeline=train_pipeline))
optim_wrapper = dict(optimizer=dict(lr=0.2, weight_decay=1e-4))
default_hooks = dict(class_means=dict(type='ltcl.ClassMeansHook'))
