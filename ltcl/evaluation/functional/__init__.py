"""Metrics as pure functions: tensors in, tensors or a dict out."""

from .feature_space import center_uniformity, class_centers, class_geometry, min_center_angle
from .knn import knn_scores
from .shot import accuracy_summary, class_accuracy, class_hits, shot_accuracy, shot_groups

__all__ = [
    'accuracy_summary',
    'center_uniformity',
    'class_accuracy',
    'class_centers',
    'class_geometry',
    'class_hits',
    'knn_scores',
    'min_center_angle',
    'shot_accuracy',
    'shot_groups',
]
