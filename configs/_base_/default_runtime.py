# What every config starts from; segmentation changes a few entries. Parts of ltcl are named ltcl.X, the rest is
# mmpretrain's.
default_scope = 'mmpretrain'

# Hooks by name: a config changes one with default_hooks=dict(checkpoint=dict(interval=10)), and takes one away with
# default_hooks=dict(run_report=None). Of the same priority they are called in this order.
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=100),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='ltcl.CheckpointHook', interval=1, max_keep_ckpts=2, save_best='shot/all', rule='greater'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    strict_load=dict(type='ltcl.StrictLoadHook'),
    class_counts=dict(type='ltcl.ClassCountsHook'),
    broadcast_buffers=dict(type='ltcl.BroadcastBuffersHook'),
    progress=dict(type='ltcl.ProgressHook'),
    run_report=dict(type='ltcl.RunReportHook'),
    skipped_images=dict(type='ltcl.SkippedImagesHook'),
    channel_order=dict(type='ltcl.ChannelOrderHook'),
    image_levels=dict(type='ltcl.ImageLevelsHook'),
    heartbeat=dict(type='ltcl.HeartbeatHook'),
    stop_signal=dict(type='ltcl.StopSignalHook'),
    finite_check=dict(type='ltcl.FiniteCheckHook'),
)
custom_hooks = []  # yours
# strict_load.ignore of a run that takes the encoder of another: all else in that checkpoint is left out.
non_encoder = [r'^(?!backbone\.|neck\.)']

env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
visualizer = dict(type='UniversalVisualizer', vis_backends=[dict(type='ltcl.LocalVisBackend')])
# Of the demos: TensorBoard's event files as well where it is installed, which `pip install 'ltcl[tensorboard]'` does.
tracked = dict(vis_backends=[dict(type='ltcl.LocalVisBackend'), dict(type='ltcl.TensorboardVisBackend', optional=True)])
log_processor = dict(by_epoch=True, window_size=20)
log_level = 'INFO'
# Seconds without an iteration after which a run has stalled and ends; 0 for no limit.
stall_timeout = 600
randomness = dict(seed=0)
load_from = None
resume = False
