_base_ = '../kcl/kcl_resnet20_1xb128-12e_fashion-mnist-lt-full.py'

# TSC on Fashion-MNIST-LT `full`: 6 epochs of KCL, then 6 epochs with targets.
model = dict(head=dict(type='ltcl.TSCHead', target_weight=0.2))
param_scheduler = dict(_delete_=True, type='CosineRestartLR', periods=[6, 6], restart_weights=[1, 1], eta_min=0)
custom_hooks = [*_base_.custom_hooks, dict(type='ltcl.TargetAssignmentHook', interval=1)]
