# Stage 2 of MiSLAS on CIFAR-100-LT, imbalance factor 10: 19,573 training images, 153 steps an epoch.
#
#     python tools/train.py configs/mislas/mislas_resnet32_1xb128-10e_cifar100-lt-if10.py
#
# Rate: 0.1 for the scales of the classes, 0.01 for the classifier.
# Smoothing: 0.2 of the largest class, 0 of the smallest.
# All else as in mislas_resnet32_1xb128-10e_cifar100-lt-if100.py. Top-1 in the authors' README: 63.2. Not run here.
_base_ = './mislas_resnet32_1xb128-10e_cifar100-lt-if100.py'

stage1_config = 'configs/mislas/mixup_resnet32_1xb128-200e_cifar100-lt-if10.py'
load_from = 'work_dirs/mixup_resnet32_1xb128-200e_cifar100-lt-if10/epoch_200.pth'
model = dict(head=dict(loss=dict(smooth_head=0.2, smooth_tail=0.0)))
train_dataloader = dict(dataset=dict(imbalance_factor=10))
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'head.fc': dict(lr_mult=0.1)}))
