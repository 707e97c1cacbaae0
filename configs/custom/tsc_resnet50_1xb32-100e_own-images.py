# TSC, stage 1, on your own images with ResNet-50.
# Targeted Supervised Contrastive Learning for Long-Tailed Recognition, CVPR 2022, https://arxiv.org/abs/2111.13998
#
#     make train CONFIG=configs/custom/tsc_resnet50_1xb32-100e_own-images.py \
#       ARGS="--cfg-options data_root=data/birds"
#
# Then stage 2, the classifier: linear_tsc_resnet50_1xb32-40e_own-images.py.
# As KCL here for 50 epochs, then with targets, and a cosine of its own, for 50 more; --cfg-options
# max_epochs=30 has 15 of each. Not tuned, not run at this size.
_base_ = './kcl_resnet50_1xb32-100e_own-images.py'

model = dict(head=dict(type='ltcl.TSCHead', target_weight=0.2))
param_scheduler = dict(_delete_=True, type='CosineRestartLR', periods=[50, 50], restart_weights=[1, 1], eta_min=0)
default_hooks = dict(target_assignment=dict(type='ltcl.TargetAssignmentHook'))
