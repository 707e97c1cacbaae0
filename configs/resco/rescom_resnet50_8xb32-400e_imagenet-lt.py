# ResCom on ImageNet-LT with ResNet-50. The authors report it, but released no recipe.
# Rebalanced Siamese Contrastive Mining for Long-Tailed Recognition, https://arxiv.org/abs/2203.11506
#
#     tools/dist_train.sh configs/resco/rescom_resnet50_8xb32-400e_imagenet-lt.py 8
#
# Known: 8 GPUs, a cosine, the views. Defaults of the authors' code: 400 epochs, 10 of warm-up, weight decay 5e-4.
# Inferred from ResCo's command for the same images: batch 256, rate 0.06, temperature 0.2, weight of the contrast 0.5,
#   effective number 0.99, width 128, 4 queue slots for each class, 999 queue rows of other classes for each anchor.
# Inferred from the CIFAR-100-LT recipe: 1 hard positive.
# Hardware: 8 GPUs, 32 images on each, no accumulation, 452 steps an epoch; float32. Images are contrasted within a GPU.
# Batch norm: on each GPU, over both views.
# Rate: for the whole batch; for another one, in proportion.
# Seed: 0; none is known of the original.
# Authors' README: 58.7 (59.2 with the second stage of MiSLAS), top-1 of the epoch best on the test list; here the
# validation list decides. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/imagenet-lt.py',
    '../_base_/models/rescom.py',
    '../_base_/schedules/resco-400e.py',
]

model = dict(head=dict(num_classes=_base_.num_classes, queue_per_class=4, num_hard_negatives=999))
train_pipeline = [_base_.load, dict(type='ltcl.Views', recipes=['resco', 'resco']), _base_.pack]
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=train_pipeline))
