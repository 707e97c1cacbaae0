"""Metrics as pure functions: tensors or arrays in, the same or a dict out."""

from .calibration import calibration_error, classwise_calibration_error, log_loss, reliability
from .class_mix import estimate_shares, log_ratio, shares_of
from .class_report import ClassReport, class_auroc, class_report
from .class_subset import IMAGENET_R_CLASSES, select_classes
from .feature_space import center_uniformity, class_centers, class_geometry, min_center_angle
from .intervals import macro_interval, wilson_interval
from .knn import knn_scores
from .robustness import (
    ALEXNET_CLEAN_ERROR,
    ALEXNET_ERROR,
    CORRUPTIONS,
    NUM_SEVERITIES,
    corruption_error,
    mean_corruption_error,
    mean_error,
    mean_error_increase,
    relative_mean_corruption_error,
)
from .shot import accuracy_summary, class_accuracy, class_hits, shot_accuracy, shot_groups, thirds

__all__ = [
    'ALEXNET_CLEAN_ERROR',
    'ALEXNET_ERROR',
    'CORRUPTIONS',
    'IMAGENET_R_CLASSES',
    'NUM_SEVERITIES',
    'ClassReport',
    'accuracy_summary',
    'calibration_error',
    'center_uniformity',
    'class_accuracy',
    'class_auroc',
    'class_centers',
    'class_geometry',
    'class_hits',
    'class_report',
    'classwise_calibration_error',
    'corruption_error',
    'estimate_shares',
    'knn_scores',
    'log_loss',
    'log_ratio',
    'macro_interval',
    'mean_corruption_error',
    'mean_error',
    'mean_error_increase',
    'min_center_angle',
    'relative_mean_corruption_error',
    'reliability',
    'select_classes',
    'shares_of',
    'shot_accuracy',
    'shot_groups',
    'thirds',
    'wilson_interval',
]
