"""Metrics for mmengine's evaluator."""

from .answered_accuracy import AnsweredAccuracy
from .class_subset_accuracy import ClassSubsetAccuracy
from .knn import KNNAccuracy
from .save_predictions import SavePredictions
from .save_scenes import SaveScenes
from .shot_accuracy import ShotAccuracy
from .shot_metric import ShotMetricMixin
from .top_k_accuracy import TopKAccuracy

__all__ = [
    'AnsweredAccuracy',
    'ClassSubsetAccuracy',
    'KNNAccuracy',
    'SavePredictions',
    'SaveScenes',
    'ShotAccuracy',
    'ShotMetricMixin',
    'TopKAccuracy',
]
