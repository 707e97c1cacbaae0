# What a config for own images starts from. A checkpoint that it is started from gives its encoder only, so it may be of
# other classes. A checkpoint every fifth epoch: those of a small set take seconds.
_base_ = './stage2_runtime.py'

default_hooks = dict(checkpoint=dict(interval=5), logger=dict(interval=20))
