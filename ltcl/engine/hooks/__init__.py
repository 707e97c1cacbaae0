"""Hooks: whatever depends on time or on the data set."""

from .broadcast_buffers_hook import BroadcastBuffersHook
from .channel_order_hook import ChannelOrderHook
from .check_masks_hook import CheckMasksHook
from .checkpoint_hook import CheckpointHook
from .class_counts_hook import ClassCountsHook
from .class_mean_start_hook import ClassMeanStartHook
from .feature_bank_hook import FeatureBankHook
from .feature_cache_hook import FeatureCacheHook
from .finite_check_hook import FiniteCheckHook
from .heartbeat_hook import HeartbeatHook
from .image_levels_hook import ImageLevelsHook
from .known_classes_hook import KnownClassesHook
from .momentum_update_hook import MomentumUpdateHook
from .patience_hook import PatienceHook
from .prediction_pictures_hook import PredictionPicturesHook
from .prior_hook import PriorHook
from .progress_hook import ProgressHook
from .run_report_hook import RunReportHook
from .sampler_priority_hook import SamplerPriorityHook
from .scene_counts_hook import SceneCountsHook
from .shared_images_hook import SharedImagesHook
from .skipped_images_hook import SkippedImagesHook
from .stop_signal_hook import StopSignalHook
from .strict_load_hook import StrictLoadHook
from .target_assignment_hook import TargetAssignmentHook
from .threads_hook import ThreadsHook

__all__ = [
    'BroadcastBuffersHook',
    'ChannelOrderHook',
    'CheckMasksHook',
    'CheckpointHook',
    'ClassCountsHook',
    'ClassMeanStartHook',
    'FeatureBankHook',
    'FeatureCacheHook',
    'FiniteCheckHook',
    'HeartbeatHook',
    'ImageLevelsHook',
    'KnownClassesHook',
    'MomentumUpdateHook',
    'PatienceHook',
    'PredictionPicturesHook',
    'PriorHook',
    'ProgressHook',
    'RunReportHook',
    'SamplerPriorityHook',
    'SceneCountsHook',
    'SharedImagesHook',
    'SkippedImagesHook',
    'StopSignalHook',
    'StrictLoadHook',
    'TargetAssignmentHook',
    'ThreadsHook',
]
