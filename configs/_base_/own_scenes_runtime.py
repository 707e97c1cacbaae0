# What every config of own images and masks starts from: the data set is looked at for what the others have in a file.
_base_ = './segmentation_runtime.py'

custom_imports = dict(
    imports=['ltcl.models.decode_heads', 'ltcl.datasets.own_scenes', 'ltcl.evaluation.metrics.shot_iou']
)
default_hooks = dict(
    class_counts=dict(type='ltcl.SceneCountsHook'),
    checkpoint=dict(interval=400),
    logger=dict(interval=20),
)
