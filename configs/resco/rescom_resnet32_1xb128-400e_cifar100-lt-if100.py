# ResCom on CIFAR-100-LT, imbalance factor 100.
# Rebalanced Siamese Contrastive Mining for Long-Tailed Recognition, https://arxiv.org/abs/2203.11506
#
#     python tools/train.py configs/resco/rescom_resnet32_1xb128-400e_cifar100-lt-if100.py
#
# The authors' recipe, which is in the history of their repository but not in its last state.
# Hardware: one GPU; float32.
# Batch: 128, no accumulation. 400 epochs of 84 steps.
# Batch norm: over both views of the batch.
# Rate: 0.1 from epoch 10, a tenth of it from epoch 321, a hundredth from epoch 361 (counted from 1), as intended. In
#   the released code the rate stays at 0.1 throughout; README.md says how to get that.
# Seed: 0; that of the draw of images, 0 as well, is published.
# Weight decay, momentum and the length of the warm-up are defaults of the code, since the recipe does not set them.
# The authors report 53.8, for the best epoch on the test images. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/cifar100-lt.py',
    '../_base_/models/rescom.py',
    '../_base_/schedules/rescom-cifar-400e.py',
]

model = dict(
    backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=32),
    projector=dict(out_channels=32),
    head=dict(
        num_classes=_base_.num_classes, queue_per_class=10, num_hard_negatives=400, effective_number_beta=0.999999
    ),
)
train_pipeline = [dict(type='ltcl.Views', recipes=['regular_cifar', 'regular_cifar']), _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
