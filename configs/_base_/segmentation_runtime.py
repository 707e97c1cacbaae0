# What every segmentation config starts from. Parts of ltcl are named ltcl.X, all others come from mmsegmentation.
default_scope = 'mmseg'
# Classification does without these: they import mmsegmentation.
custom_imports = dict(
    imports=['ltcl.models.decode_heads', 'ltcl.fashion_mnist.scene_set', 'ltcl.evaluation.metrics.shot_iou']
)

# Hooks by name, as in default_runtime.py. What load_from names is a converted encoder (docs/checkpoints.md): the heads
# are new.
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=100, log_metric_by_epoch=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(
        type='ltcl.CheckpointHook',
        by_epoch=False,
        interval=4000,
        max_keep_ckpts=2,
        save_best='seg/mIoU',
        rule='greater',
    ),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    strict_load=dict(type='ltcl.StrictLoadHook', ignore=[r'^(?!backbone\.)']),
    check_masks=dict(type='ltcl.CheckMasksHook'),
    broadcast_buffers=dict(type='ltcl.BroadcastBuffersHook'),
    progress=dict(type='ltcl.ProgressHook'),
    run_report=dict(type='ltcl.RunReportHook'),
    prediction_pictures=dict(type='ltcl.PredictionPicturesHook'),
    heartbeat=dict(type='ltcl.HeartbeatHook'),
    stop_signal=dict(type='ltcl.StopSignalHook'),
    finite_check=dict(type='ltcl.FiniteCheckHook'),
)
custom_hooks = []  # yours

env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
visualizer = dict(type='SegLocalVisualizer', vis_backends=[dict(type='ltcl.LocalVisBackend')])
log_processor = dict(by_epoch=False, window_size=20)
log_level = 'INFO'
# Seconds without an iteration after which a run has stalled and ends; 0 for no limit.
stall_timeout = 600
randomness = dict(seed=0)
load_from = None
resume = False
