# BCL on ImageNet-LT with ResNet-50, both contrasted views simple: the command of the authors' README.
# Balanced Contrastive Learning for Long-Tailed Visual Recognition, CVPR 2022, https://arxiv.org/abs/2207.09052
#
#     tools/dist_train.sh configs/bcl/bcl_resnet50_4xb64-90e_imagenet-lt-sim-sim.py 4
#
# Hardware: 4 GPUs, as published; float32.
# Batch: 256, 64 on each GPU, no accumulation; the last one is smaller. 90 epochs of 453 steps.
# Batch norm: on each GPU, over the three views of its images.
# Rate: 0.1 for the whole batch; for another one, in proportion. Cosine from the first epoch, weight decay 5e-4.
# Seed: 0; the original sets none.
# The best epoch on the validation list is scored on the test list.
# The README gives no accuracy for this network. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/imagenet-lt.py',
    '../_base_/models/bcl.py',
    '../_base_/schedules/imagenet-90e.py',
]

model = dict(head=dict(num_classes=_base_.num_classes, alpha=1.0, beta=0.35, temperature=0.07, cosine_scale=30.0))
train_pipeline = [_base_.load, dict(type='ltcl.Views', recipes=['randcls', 'bcl_sim', 'bcl_sim']), _base_.pack]
train_dataloader = dict(batch_size=64, drop_last=False, dataset=dict(pipeline=train_pipeline))
