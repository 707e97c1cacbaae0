# Cross entropy on the composed scenes: what the other methods are compared with.
#
#     make train CONFIG=configs/seg/cross_entropy/cross-entropy_deeplabv3plus-r18_1xb8-2000i_fashion-scenes.py
#
# About 3 minutes on one CPU core.
_base_ = [
    '../../_base_/segmentation_runtime.py',
    '../../_base_/datasets/fashion-scenes.py',
    '../../_base_/models/deeplabv3plus-r18-grey.py',
    '../../_base_/schedules/seg-2000i.py',
]

default_hooks = dict(strict_load=dict(_delete_=True, type='ltcl.StrictLoadHook'))  # load_from names a run of its own
