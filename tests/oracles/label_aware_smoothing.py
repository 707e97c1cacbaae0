"""Label-aware smoothing from its formula, one image and one class after the other, in float64."""

import math

import torch
from torch import Tensor


def loop_smoothing(class_counts: Tensor, smooth_head: float, smooth_tail: float, form: str) -> list[float]:
    """Smoothing of each class; every class has images."""
    counts = class_counts.tolist()
    largest, smallest = max(counts), min(counts)
    smoothing = []
    for count in counts:
        share = (count - smallest) / (largest - smallest)
        if form == 'concave':
            grown = math.sin(math.pi * share / 2)
        elif form == 'linear':
            grown = share
        else:
            grown = 1 + math.sin(3 * math.pi / 2 + math.pi * share / 2)
        smoothing.append(smooth_tail + (smooth_head - smooth_tail) * grown)
    return smoothing


def loop_label_aware_smoothing(
    logits: Tensor, labels: Tensor, class_counts: Tensor, smooth_head: float, smooth_tail: float, form: str
) -> dict[str, Tensor]:
    """Smoothing of each class, and the loss."""
    smoothing = loop_smoothing(class_counts, smooth_head, smooth_tail, form)
    num_classes = logits.shape[1]
    losses = []
    for row, label in zip(logits, labels.tolist(), strict=True):
        denominator = torch.log(sum(torch.exp(logit) for logit in row))
        for c in range(num_classes):
            share = smoothing[label] / num_classes + (1 - smoothing[label]) * (c == label)
            losses.append(share * (denominator - row[c]))
    return dict(smoothing=torch.tensor(smoothing, dtype=torch.float64), loss=sum(losses) / len(logits))
