"""Factors that several losses put on the terms of their anchors."""

from torch import Tensor


def weigh_classes(per_anchor: Tensor, labels: Tensor, class_weights: Tensor | None) -> Tensor:
    """Multiply the terms of the anchors (N,) by the weights (num_classes,) of their classes; None weighs all alike."""
    return per_anchor if class_weights is None else per_anchor * class_weights.to(per_anchor.dtype)[labels]


def temperature_ratio(temperature: float, base_temperature: float | None) -> float:
    """Factor ``temperature / base_temperature`` on a loss; None means 1."""
    return 1.0 if base_temperature is None else temperature / base_temperature
