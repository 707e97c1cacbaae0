"""Metrics as pure functions: tensors or arrays in, the same or a dict out."""

from .class_mix import estimate_shares, log_ratio, shares_of
from .class_subset import IMAGENET_R_CLASSES, select_classes
from .feature_space import (
    center_uniformity,
    class_alignment,
    class_centers,
    class_geometry,
    min_center_angle,
    uniformity,
)
from .knn import knn_scores
from .neural_collapse import (
    ClassMeans,
    PairCosines,
    class_means,
    equinorm,
    nearest_mean,
    pair_cosines,
    self_duality,
    variance_ratio,
    within_class_variability,
)
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
    'ClassMeans',
    'PairCosines',
    'accuracy_summary',
    'center_uniformity',
    'class_accuracy',
    'class_alignment',
    'class_centers',
    'class_geometry',
    'class_hits',
    'class_means',
    'corruption_error',
    'equinorm',
    'estimate_shares',
    'knn_scores',
    'log_ratio',
    'mean_corruption_error',
    'mean_error',
    'mean_error_increase',
    'min_center_angle',
    'nearest_mean',
    'pair_cosines',
    'relative_mean_corruption_error',
    'select_classes',
    'self_duality',
    'shares_of',
    'shot_accuracy',
    'shot_groups',
    'thirds',
    'uniformity',
    'variance_ratio',
    'within_class_variability',
]
