# Linear classifier on the frozen encoder of TSC after 200 epochs, ImageNet-LT.
#
#     tools/dist_train.sh configs/stage2/linear_tsc-200e_resnet50_4xb512-40e_imagenet-lt.py 4
#
# Hardware, batch, batch norm, rate and seed as in linear_kcl_resnet50_4xb512-40e_imagenet-lt.py.
# Top-1 in the supplement: 52.3. Not run here.
_base_ = './linear_kcl_resnet50_4xb512-40e_imagenet-lt.py'

stage1_config = 'configs/tsc/tsc_resnet50_4xb64-200e_imagenet-lt.py'
load_from = 'work_dirs/tsc_resnet50_4xb64-200e_imagenet-lt/epoch_200.pth'
