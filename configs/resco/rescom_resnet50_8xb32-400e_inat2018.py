# ResCom on iNaturalist 2018 with ResNet-50. The authors report it, but released no recipe.
# Rebalanced Siamese Contrastive Mining for Long-Tailed Recognition, https://arxiv.org/abs/2203.11506
#
#     tools/dist_train.sh configs/resco/rescom_resnet50_8xb32-400e_inat2018.py 8
#
# Known: 8 GPUs, a cosine, the views and their normalisation. Defaults of the authors' code: 400 epochs, 10 of warm-up.
# Inferred from ImageNet-LT (rescom_resnet50_8xb32-400e_imagenet-lt.py): the rest, with a queue row of each of the 8,141
#   other classes. Inferred from BCL and PaCo on these images: weight decay 1e-4 in place of 5e-4.
# Hardware: 8 GPUs, 32 images on each, no accumulation, 1,709 steps an epoch; float32. Images are contrasted within a
#   GPU.
# Batch norm: on each GPU, over both views.
# Rate: 0.06 for the whole batch of 256; for another one, in proportion.
# Seed: 0; none is known of the original.
# Authors' README: 75.2, top-1 of the best epoch. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/inat2018.py',
    '../_base_/models/rescom.py',
    '../_base_/schedules/resco-400e.py',
]

model = dict(head=dict(num_classes=_base_.num_classes, queue_per_class=4, num_hard_negatives=8141))
train_pipeline = [_base_.load, dict(type='ltcl.Views', recipes=['resco', 'resco']), _base_.pack]
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=train_pipeline))
optim_wrapper = dict(optimizer=dict(weight_decay=1e-4))
