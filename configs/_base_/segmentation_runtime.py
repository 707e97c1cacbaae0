# What every segmentation config starts from. Parts of ltcl are named ltcl.X, all others come from mmsegmentation.
default_scope = 'mmseg'
# Classification does without these: they import mmsegmentation.
custom_imports = dict(
    imports=['ltcl.models.decode_heads', 'ltcl.datasets.fashion_scenes', 'ltcl.evaluation.metrics.shot_iou']
)

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=100, log_metric_by_epoch=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(
        type='CheckpointHook', by_epoch=False, interval=4000, max_keep_ckpts=1, save_best='seg/mIoU', rule='greater'
    ),
    sampler_seed=dict(type='DistSamplerSeedHook'),
)
custom_hooks = [
    dict(type='ltcl.StrictLoadHook'),
    dict(type='ltcl.BroadcastBuffersHook'),
    dict(type='ltcl.ProgressHook'),
    dict(type='ltcl.RunReportHook'),
    dict(type='ltcl.PredictionPicturesHook'),
    dict(type='ltcl.StopSignalHook'),
]

env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
visualizer = dict(type='SegLocalVisualizer', vis_backends=[dict(type='LocalVisBackend')])
log_processor = dict(by_epoch=False, window_size=20)
log_level = 'INFO'
randomness = dict(seed=0)
load_from = None
resume = False
