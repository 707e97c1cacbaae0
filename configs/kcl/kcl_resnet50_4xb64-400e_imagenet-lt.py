# KCL, stage 1, on ImageNet-LT with ResNet-50, twice as long: what TSC is compared with at its 400 epochs.
#
#     tools/dist_train.sh configs/kcl/kcl_resnet50_4xb64-400e_imagenet-lt.py 4
#
# Else as kcl_resnet50_4xb64-200e_imagenet-lt.py. Stage 2, which the figure is of:
#     tools/dist_train.sh configs/stage2/linear_kcl-400e_resnet50_4xb512-40e_imagenet-lt.py 4
# Top-1 after stage 2 in the supplement of the TSC paper: 51.6. Not run here.
_base_ = './kcl_resnet50_4xb64-200e_imagenet-lt.py'

max_epochs = 400
param_scheduler = dict(T_max=max_epochs)
train_cfg = dict(max_epochs=max_epochs)
