# TSC, stage 1, on ImageNet-LT with ResNet-50, half as long: 100 epochs of KCL, then 100 with targets.
#
#     tools/dist_train.sh configs/tsc/tsc_resnet50_4xb64-200e_imagenet-lt.py 4
#
# Else as tsc_resnet50_4xb64-400e_imagenet-lt.py. Stage 2, which the figure is of:
#     tools/dist_train.sh configs/stage2/linear_tsc-200e_resnet50_4xb512-40e_imagenet-lt.py 4
# Top-1 after stage 2 in the supplement: 52.3. Not run here.
_base_ = '../kcl/kcl_resnet50_4xb64-200e_imagenet-lt.py'

model = dict(head=dict(type='ltcl.TSCHead', target_repeat=1, target_weight=0.2, separate_targets=True))
param_scheduler = dict(_delete_=True, type='CosineRestartLR', periods=[100, 100], restart_weights=[1, 1], eta_min=0)
default_hooks = dict(target_assignment=dict(type='ltcl.TargetAssignmentHook', interval=1))
