# Linear classifier on the frozen encoder of KCL, ImageNet-LT, by the alternative pipeline in the repository of TSC.
#
#     tools/dist_train.sh configs/stage2/linear-alt_kcl_resnet50_4xb512-10e_imagenet-lt.py 4
#
# 10 epochs. Its milestones are 6 and 8, but its scheduler steps before an epoch: the rate drops after 5 and after 7.
# It shuffles the images within a batch; here the processes share them out, which leaves no two images of a group of
# four on one of 4 GPUs. It keeps the epoch that is best on the validation list, as all recipes here.
# Hardware, batch, batch norm, rate and seed as in linear_kcl_resnet50_4xb512-40e_imagenet-lt.py.
# No result of it is published. Not run here.
_base_ = './linear_kcl_resnet50_4xb512-40e_imagenet-lt.py'

param_scheduler = dict(milestones=[5, 7])
train_cfg = dict(max_epochs=10, val_interval=1)
