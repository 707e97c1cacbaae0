# What every config starts from; segmentation changes a few entries. Parts of ltcl are named ltcl.X, the rest is
# mmpretrain's.
default_scope = 'mmpretrain'

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=100),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='ltcl.CheckpointHook', interval=1, max_keep_ckpts=2, save_best='shot/all', rule='greater'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
)
custom_hooks = [
    dict(type='ltcl.StrictLoadHook'),
    dict(type='ltcl.ClassCountsHook'),
    dict(type='ltcl.BroadcastBuffersHook'),
    dict(type='ltcl.ProgressHook'),
    dict(type='ltcl.RunReportHook'),
    dict(type='ltcl.SkippedImagesHook'),
    dict(type='ltcl.ChannelOrderHook'),
    dict(type='ltcl.ImageLevelsHook'),
    dict(type='ltcl.HeartbeatHook'),
    dict(type='ltcl.StopSignalHook'),
    dict(type='ltcl.FiniteCheckHook'),
]

env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
visualizer = dict(type='UniversalVisualizer', vis_backends=[dict(type='ltcl.LocalVisBackend')])
log_processor = dict(by_epoch=True, window_size=20)
log_level = 'INFO'
# Seconds without an iteration after which a run has stalled and ends; 0 for no limit.
stall_timeout = 600
randomness = dict(seed=0)
load_from = None
resume = False
