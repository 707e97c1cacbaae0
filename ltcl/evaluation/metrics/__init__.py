"""Metrics for mmengine's evaluator."""

from .class_subset_accuracy import ClassSubsetAccuracy
from .knn import KNNAccuracy
from .save_predictions import SavePredictions
from .save_scenes import SaveScenes
from .shot_accuracy import ShotAccuracy
from .shot_metric import ShotMetricMixin

__all__ = ['ClassSubsetAccuracy', 'KNNAccuracy', 'SavePredictions', 'SaveScenes', 'ShotAccuracy', 'ShotMetricMixin']
