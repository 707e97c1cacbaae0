"""Metrics as pure functions: tensors or arrays in, the same or a dict out."""

from .class_mix import estimate_shares, log_ratio, shares_of
from .class_subset import IMAGENET_R_CLASSES, select_classes
from .feature_space import center_uniformity, class_centers, class_geometry, min_center_angle
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
    'accuracy_summary',
    'center_uniformity',
    'class_accuracy',
    'class_centers',
    'class_geometry',
    'class_hits',
    'corruption_error',
    'estimate_shares',
    'knn_scores',
    'log_ratio',
    'mean_corruption_error',
    'mean_error',
    'mean_error_increase',
    'min_center_angle',
    'relative_mean_corruption_error',
    'select_classes',
    'shares_of',
    'shot_accuracy',
    'shot_groups',
    'thirds',
]
