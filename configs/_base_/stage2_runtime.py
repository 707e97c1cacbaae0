# What a config starts from that takes the encoder of another run: everything else in that checkpoint is left out.
_base_ = './default_runtime.py'

custom_hooks = [
    dict(type='ltcl.StrictLoadHook', ignore=[r'^(?!backbone\.|neck\.)']),
    *_base_.custom_hooks[1:],
]
