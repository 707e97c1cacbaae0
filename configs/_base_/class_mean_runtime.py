# The runtime of a cosine classifier that starts from the means of the classes' features.
_base_ = './default_runtime.py'

default_hooks = dict(class_mean_start=dict(type='ltcl.ClassMeanStartHook'))
