# Stage 2: a linear classifier on the frozen encoder of TSC, on your own images with ResNet-50.
#
#     make train CONFIG=configs/custom/linear_tsc_resnet50_1xb32-40e_own-images.py \
#       ARGS="--cfg-options data_root=data/birds"
#
_base_ = './linear_kcl_resnet50_1xb32-40e_own-images.py'

stage1_config = 'configs/custom/tsc_resnet50_1xb32-100e_own-images.py'
load_from = 'work_dirs/tsc_resnet50_1xb32-100e_own-images/epoch_100.pth'
