# TSC, stage 1, on CIFAR-100-LT, imbalance factor 100, by the recipe in the supplement of the paper.
# Targeted Supervised Contrastive Learning for Long-Tailed Recognition, CVPR 2022, https://arxiv.org/abs/2111.13998
#
#     python tools/train.py configs/tsc/tsc_resnet32_1xb1024-1000e_cifar100-lt-if100.py
#
# As KCL there (one GPU, batch 1024, rate 0.5, K = 6, seed 0), and 25 copies of each target stand among the images of
# each view, class i at target i from the start. `all_targets_positive=False` is the released script: copies are drawn
# like images. True is what the author describes, all copies of the own target as positives.
# Stage 2: python tools/train.py configs/stage2/linear_tsc_resnet32_1xb128-40e_cifar100-lt-if100.py
# Top-1 of the paper: 43.8. Not run here.
_base_ = '../kcl/kcl_resnet32_1xb1024-1000e_cifar100-lt-if100.py'

model = dict(head=dict(type='ltcl.InBatchTSCHead', feat_dim=128, target_repeat=25, all_targets_positive=False))
