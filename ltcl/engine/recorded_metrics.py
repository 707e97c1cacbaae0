"""What of the metrics of a validation or a test goes into the record of a run."""

import math
from typing import Any

import torch
from mmengine.runner import BaseLoop

from ltcl.analysis.run_record import per_class_columns
from ltcl.evaluation import ShotAccuracy, ShotMetricMixin
from ltcl.evaluation.functional.shot import DEFAULT_BOUNDS


def find_shot_metric(loop: BaseLoop | None) -> ShotMetricMixin | None:
    metrics = getattr(getattr(loop, 'evaluator', None), 'metrics', [])
    return next((metric for metric in metrics if isinstance(metric, ShotMetricMixin)), None)


def shot_settings(shot: ShotMetricMixin | None) -> dict[str, Any]:
    prefix, bounds = (ShotAccuracy.default_prefix, DEFAULT_BOUNDS) if shot is None else (shot.prefix, shot.bounds)
    metric = shot or ShotAccuracy
    names = {name: getattr(metric, name) for name in ('score', 'overall', 'counted')}
    return {'shot_prefix': prefix, 'bounds': bounds, **names}


def per_class_of(shot: ShotMetricMixin | None) -> dict[str, list] | None:
    return per_class_columns(shot.per_class) if shot is not None and shot.per_class is not None else None


def scalars(metrics: dict[str, Any] | None) -> dict[str, float]:
    """The finite numbers among the metrics; curves and matrices have no place in a table, NaN none in JSON."""
    numbers = {name: value for name, value in (metrics or {}).items() if not isinstance(value, str)}
    tensors = {name: torch.as_tensor(value, dtype=torch.float64) for name, value in numbers.items()}
    single = {name: value.item() for name, value in tensors.items() if value.numel() == 1}
    return {name: round(value, 6) for name, value in single.items() if math.isfinite(value)}
