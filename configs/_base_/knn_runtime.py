# What the first stage of a two-stage method starts from: without a classifier, k nearest neighbours among the training
# images follow it.
_base_ = './default_runtime.py'

custom_hooks = [*_base_.custom_hooks, dict(type='ltcl.FeatureBankHook')]
default_hooks = dict(checkpoint=dict(save_best='knn/all'))
