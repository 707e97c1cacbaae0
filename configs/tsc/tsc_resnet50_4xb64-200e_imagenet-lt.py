# TSC, stage 1, on ImageNet-LT with ResNet-50, half as long: 100 epochs of KCL, then 100 with targets.
#
#     tools/dist_train.sh configs/tsc/tsc_resnet50_4xb64-200e_imagenet-lt.py 4
#
# Else as tsc_resnet50_4xb64-400e_imagenet-lt.py. Stage 2, which the figure is of:
#     tools/dist_train.sh configs/stage2/linear_tsc-200e_resnet50_4xb512-40e_imagenet-lt.py 4
# Top-1 after stage 2 in the supplement: 52.3. Not run here.
_base_ = './tsc_resnet50_4xb64-400e_imagenet-lt.py'

max_epochs = 200
param_scheduler = dict(periods=[100, 100])
train_cfg = dict(max_epochs=max_epochs)
