# What a segmentation config starts from whose load_from names a converted encoder (docs/checkpoints.md): the heads are
# new. SyncBN of a config is synchronised between the GPUs of a launcher; everywhere else it is plain BN.
_base_ = './segmentation_runtime.py'

custom_hooks = [dict(type='ltcl.StrictLoadHook', ignore=[r'^(?!backbone\.)']), *_base_.custom_hooks[1:]]
