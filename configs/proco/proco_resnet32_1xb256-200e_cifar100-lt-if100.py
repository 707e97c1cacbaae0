# ProCo on CIFAR-100-LT, imbalance factor 100: the authors' script.
# Probabilistic Contrastive Learning for Long-Tailed Visual Recognition, TPAMI 2024, https://arxiv.org/abs/2403.06726
#
#     python tools/train.py configs/proco/proco_resnet32_1xb256-200e_cifar100-lt-if100.py
#
# Hardware: one GPU; float32.
# Batch: 256, no accumulation; the last one is smaller. 200 epochs of 43 steps.
# Batch norm: over the three views of the batch.
# Rate: 0.3 after 5 epochs of warm-up, a tenth of it from epoch 160 and again from epoch 180 (counted from 0).
# Seed: 0; that of the draw of images, 0 as well, is published.
# Contrasted views: no share of the image is given for the resized crop, so it is torchvision's, 0.08 to 1.
# Top-1 of the paper at imbalance factor 10 / 50 / 100: 65.5 / 57.1 / 52.8. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/cifar100-lt.py',
    '../_base_/models/bcl.py',
    '../_base_/schedules/bcl-cifar-200e.py',
]

model = dict(
    backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=32),
    projector=dict(hidden_channels=512, out_channels=128),
    head=dict(type='ltcl.ProCoHead', num_classes=_base_.num_classes, temperature=0.1, cosine_scale=None),
)
contrasted = dict(recipe='bcl_sim', size=32)
train_pipeline = [dict(type='ltcl.Views', recipes=['regular_cifar', contrasted, contrasted]), _base_.pack]
train_dataloader = dict(batch_size=256, drop_last=False, dataset=dict(pipeline=train_pipeline))
optim_wrapper = dict(optimizer=dict(lr=0.3, weight_decay=2e-4))
default_hooks = dict(class_means=dict(type='ltcl.ClassMeansHook'))
