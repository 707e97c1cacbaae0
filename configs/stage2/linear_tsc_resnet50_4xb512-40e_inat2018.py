# Linear classifier on the frozen encoder of TSC, iNaturalist 2018.
#
#     tools/dist_train.sh configs/stage2/linear_tsc_resnet50_4xb512-40e_inat2018.py 4
#
# Hardware, batch, batch norm, rate and seed as in linear_kcl_resnet50_4xb512-40e_inat2018.py.
# Top-1 on leaderboards, as the paper's: 69.7. Not run here.
_base_ = './linear_kcl_resnet50_4xb512-40e_inat2018.py'

stage1_config = 'configs/tsc/tsc_resnet50_4xb64-400e_inat2018.py'
load_from = 'work_dirs/tsc_resnet50_4xb64-400e_inat2018/epoch_400.pth'
