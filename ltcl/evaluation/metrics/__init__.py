"""Metrics for mmengine's evaluator."""

from .shot_accuracy import ShotAccuracy

__all__ = ['ShotAccuracy']
