# Linear classifier on the frozen encoder of TSC, ImageNet-LT, by the alternative pipeline in its repository.
#
#     tools/dist_train.sh configs/stage2/linear-alt_tsc_resnet50_4xb512-10e_imagenet-lt.py 4
#
# 10 epochs, see linear-alt_kcl_resnet50_4xb512-10e_imagenet-lt.py.
# No result of it is published. Not run here.
_base_ = './linear_kcl_resnet50_4xb512-40e_imagenet-lt.py'

stage1_config = 'configs/tsc/tsc_resnet50_4xb64-400e_imagenet-lt.py'
load_from = 'work_dirs/tsc_resnet50_4xb64-400e_imagenet-lt/epoch_400.pth'

param_scheduler = dict(milestones=[5, 7])
train_cfg = dict(max_epochs=10, val_interval=1)
