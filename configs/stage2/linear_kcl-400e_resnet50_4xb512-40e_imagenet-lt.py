# Linear classifier on the frozen encoder of KCL after 400 epochs, ImageNet-LT.
#
#     tools/dist_train.sh configs/stage2/linear_kcl-400e_resnet50_4xb512-40e_imagenet-lt.py 4
#
# Hardware, batch, batch norm, rate and seed as in linear_kcl_resnet50_4xb512-40e_imagenet-lt.py.
# Top-1 in the supplement of the TSC paper: 51.6. Not run here.
_base_ = './linear_kcl_resnet50_4xb512-40e_imagenet-lt.py'

stage1_config = 'configs/kcl/kcl_resnet50_4xb64-400e_imagenet-lt.py'
load_from = 'work_dirs/kcl_resnet50_4xb64-400e_imagenet-lt/epoch_400.pth'
