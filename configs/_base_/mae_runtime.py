# What a config starts from that fine-tunes an encoder pre-trained by MAE: norm and classifier of the feature are new.
#
#     python tools/model_converters/convert.py checkpoints/mae_pretrain_vit_base.pth --from mae    (docs/checkpoints.md)
_base_ = './default_runtime.py'

custom_hooks = [
    dict(type='ltcl.StrictLoadHook', ignore=[r'^(?!backbone\.)', r'^backbone\.ln2\.']),
    *_base_.custom_hooks[1:],
]
