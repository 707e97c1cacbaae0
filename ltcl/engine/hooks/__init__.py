"""Hooks: whatever depends on time or on the data set."""

from .broadcast_buffers_hook import BroadcastBuffersHook
from .class_counts_hook import ClassCountsHook
from .feature_bank_hook import FeatureBankHook
from .heartbeat_hook import HeartbeatHook
from .momentum_update_hook import MomentumUpdateHook
from .prediction_pictures_hook import PredictionPicturesHook
from .progress_hook import ProgressHook
from .run_report_hook import RunReportHook
from .sampler_priority_hook import SamplerPriorityHook
from .skipped_images_hook import SkippedImagesHook
from .stop_signal_hook import StopSignalHook
from .strict_load_hook import StrictLoadHook
from .target_assignment_hook import TargetAssignmentHook

__all__ = [
    'BroadcastBuffersHook',
    'ClassCountsHook',
    'FeatureBankHook',
    'HeartbeatHook',
    'MomentumUpdateHook',
    'PredictionPicturesHook',
    'ProgressHook',
    'RunReportHook',
    'SamplerPriorityHook',
    'SkippedImagesHook',
    'StopSignalHook',
    'StrictLoadHook',
    'TargetAssignmentHook',
]
