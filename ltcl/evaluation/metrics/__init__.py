"""Metrics for mmengine's evaluator."""

from .knn import KNNAccuracy
from .shot_accuracy import ShotAccuracy

__all__ = ['KNNAccuracy', 'ShotAccuracy']
