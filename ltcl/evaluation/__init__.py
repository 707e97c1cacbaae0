"""What is measured on a test set; importing this package registers the metrics."""

from .metrics import ClassSubsetAccuracy, KNNAccuracy, ShotAccuracy, ShotMetricMixin

__all__ = ['ClassSubsetAccuracy', 'KNNAccuracy', 'ShotAccuracy', 'ShotMetricMixin']
