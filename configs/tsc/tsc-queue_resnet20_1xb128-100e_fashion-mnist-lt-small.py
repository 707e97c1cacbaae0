# TSC with a momentum encoder and a queue, the form for ImageNet-LT and iNaturalist, on Fashion-MNIST-LT `small`.
#
#     python tools/train.py configs/tsc/tsc-queue_resnet20_1xb128-100e_fashion-mnist-lt-small.py
#
# Stage 2:
#     python tools/train.py configs/stage2/linear_tsc_resnet20_1xb128-20e_fashion-mnist-lt-small.py \
#       --cfg-options load_from=work_dirs/tsc-queue_resnet20_1xb128-100e_fashion-mnist-lt-small/epoch_100.pth
_base_ = '../kcl/kcl-queue_resnet20_1xb128-100e_fashion-mnist-lt-small.py'

model = dict(head=dict(type='ltcl.TSCHead', target_weight=0.2))
param_scheduler = dict(_delete_=True, type='CosineRestartLR', periods=[50, 50], restart_weights=[1, 1], eta_min=0)
default_hooks = dict(target_assignment=dict(type='ltcl.TargetAssignmentHook', interval=1))
