# What every segmentation config starts from. Parts of ltcl are named ltcl.X, all others come from mmsegmentation.
_base_ = './default_runtime.py'

default_scope = 'mmseg'
# Classification does without these: they import mmsegmentation.
custom_imports = dict(
    imports=['ltcl.models.decode_heads', 'ltcl.fashion_mnist.scene_set', 'ltcl.evaluation.metrics.shot_iou']
)

default_hooks = dict(
    logger=dict(log_metric_by_epoch=False),
    checkpoint=dict(by_epoch=False, interval=4000, save_best='seg/mIoU'),
)
custom_hooks = [
    dict(type='ltcl.StrictLoadHook'),
    dict(type='ltcl.CheckMasksHook'),
    dict(type='ltcl.BroadcastBuffersHook'),
    dict(type='ltcl.ProgressHook'),
    dict(type='ltcl.RunReportHook'),
    dict(type='ltcl.PredictionPicturesHook'),
    dict(type='ltcl.HeartbeatHook'),
    dict(type='ltcl.StopSignalHook'),
    dict(type='ltcl.FiniteCheckHook'),
]

visualizer = dict(type='SegLocalVisualizer')
log_processor = dict(by_epoch=False)
