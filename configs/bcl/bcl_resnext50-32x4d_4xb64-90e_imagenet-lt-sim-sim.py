# BCL on ImageNet-LT with ResNeXt-50 32x4d, both contrasted views simple: the paper's recipe.
# Balanced Contrastive Learning for Long-Tailed Visual Recognition, CVPR 2022, https://arxiv.org/abs/2207.09052
#
#     tools/dist_train.sh configs/bcl/bcl_resnext50-32x4d_4xb64-90e_imagenet-lt-sim-sim.py 4
#
# Hardware: 4 GPUs, as published; float32.
# Batch: 256, 64 on each GPU, no accumulation; the last one is smaller. 90 epochs of 453 steps.
# Batch norm: on each GPU, over the three views of its images.
# Rate: 0.1 for the whole batch; for another one, in proportion. Cosine from the first epoch, weight decay 5e-4.
# Seed: 0; the original sets none.
# The best epoch on the validation list is scored on the test list.
# Top-1 of the authors' README: 57.2. Not run here.
_base_ = './bcl_resnet50_4xb64-90e_imagenet-lt-sim-sim.py'

model = dict(backbone=dict(type='ResNeXt', groups=32, width_per_group=4))
