"""Hooks: whatever depends on time or on the data set."""

from .broadcast_buffers_hook import BroadcastBuffersHook
from .class_counts_hook import ClassCountsHook
from .momentum_update_hook import MomentumUpdateHook
from .progress_hook import ProgressHook
from .run_report_hook import RunReportHook
from .stop_signal_hook import StopSignalHook
from .strict_load_hook import StrictLoadHook

__all__ = [
    'BroadcastBuffersHook',
    'ClassCountsHook',
    'MomentumUpdateHook',
    'ProgressHook',
    'RunReportHook',
    'StopSignalHook',
    'StrictLoadHook',
]
