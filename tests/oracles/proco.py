"""Slow plain forms of ProCo's loss, written from the published formula."""

import functools
from collections.abc import Callable

import mpmath
import numpy as np
import torch
import torch.nn.functional as F
from scipy.special import ive
from torch import Tensor

from .rows import unit_rows

Evaluation = Callable[[float, np.ndarray], tuple[np.ndarray, np.ndarray]]


def draw_case(
    num_samples: int = 5, num_classes: int = 4, feat_dim: int = 8, seed: int = 0, dtype: torch.dtype = torch.float64
) -> dict[str, Tensor]:
    """Anchors (N, D), their labels, means of the classes from far apart to close together, and class counts."""
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.linspace(0.05, 0.99, num_classes, dtype=dtype)
    return dict(
        anchors=unit_rows(num_samples, feat_dim, generator=generator, dtype=dtype),
        labels=torch.randint(num_classes, (num_samples,), generator=generator),
        class_means=lengths[:, None] * unit_rows(num_classes, feat_dim, generator=generator, dtype=dtype),
        class_counts=torch.randint(1, 500, (num_classes,), generator=generator),
    )


@functools.lru_cache
def exact_log_normalizer(order: float, t: float) -> tuple[float, float]:
    """log I_order(t) - order log t, and its slope, in 50 digits, rounded at the end."""
    with mpmath.workdps(50):
        if t == 0:
            return float(-order * mpmath.log(2) - mpmath.loggamma(order + 1)), 0.0
        value, next_value = (mpmath.besseli(order + step, t, maxterms=10**6) for step in (0, 1))
        return float(mpmath.log(value) - order * mpmath.log(t)), float(next_value / value)


def _exact(order: float, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    pairs = np.array([exact_log_normalizer(order, float(each)) for each in t.ravel()])
    return tuple(pairs.T.reshape(2, *t.shape))


def _with_scipy(order: float, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    value = ive(order, t)
    return np.log(value) + t - order * np.log(t), np.minimum(ive(order + 1, t) / value, 1)


class _LogNormalizer(torch.autograd.Function):
    """Outside PyTorch, with the slope as derivative."""

    @staticmethod
    def forward(ctx, t: Tensor, order: float, evaluate: Evaluation) -> Tensor:
        value, slope = (torch.as_tensor(each).to(t) for each in evaluate(order, t.detach().cpu().double().numpy()))
        ctx.save_for_backward(slope)
        return value

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, None, None]:
        return grad * ctx.saved_tensors[0], None, None


def loop_proco_loss(
    anchors: Tensor, labels: Tensor, class_means: Tensor, class_counts: Tensor, *, temperature: float = 0.07
) -> Tensor:
    """One anchor and one class after the other; Bessel functions of 50 digits."""
    order = anchors.shape[1] / 2 - 1
    losses = []
    for anchor, label in zip(anchors, labels.tolist(), strict=True):
        logits = []
        for mean, count in zip(class_means, class_counts.tolist(), strict=True):
            length = mean.norm()
            kappa = len(mean) * length / (1 - length**2)
            kappa = torch.full_like(kappa, 1e5) if kappa < 0 or kappa > 1e5 else kappa
            t = (kappa * mean / length + anchor / temperature).norm()
            constants = [_LogNormalizer.apply(each, order, _exact) for each in (t, kappa)]
            logits.append(constants[0] - constants[1] + np.log(count / int(class_counts.sum())))
        losses.append(torch.logsumexp(torch.stack(logits), 0) - logits[label])
    return sum(losses) / len(losses)


def plain_proco_loss(
    anchors: Tensor, labels: Tensor, class_means: Tensor, class_counts: Tensor, *, temperature: float = 0.07
) -> Tensor:
    """As it is usually written: an (N, num_classes, D) tensor of tilted directions, SciPy's Bessel functions."""
    order = anchors.shape[1] / 2 - 1
    length = class_means.norm(dim=1)
    kappa = anchors.shape[1] * length / (1 - length.square())
    kappa = kappa.where((kappa >= 0) & (kappa <= 1e5), 1e5)
    tilted = kappa[:, None] * F.normalize(class_means, dim=1) + anchors[:, None] / temperature
    t = tilted.norm(dim=2)
    logits = _LogNormalizer.apply(t, order, _with_scipy) - _LogNormalizer.apply(kappa, order, _with_scipy)
    return F.cross_entropy(logits + (class_counts.to(logits) / class_counts.sum()).log(), labels)
