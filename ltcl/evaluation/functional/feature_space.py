"""Geometry of classes on the unit sphere: how far apart their centres lie and how tight they are."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def class_centers(features: Tensor, labels: Tensor, num_classes: int) -> tuple[Tensor, Tensor]:
    """Mean of each class's unit vectors.

    Args:
        features: Rows of any length, shape (N, D).
        labels: Their classes, int64, shape (N,).
        num_classes: Number of classes C.

    Returns:
        Means (C, D) in float64, not normalised (zero for a class without rows), and rows per class (C,).

    Example:
        >>> class_centers(torch.tensor([[2.0, 0.0], [0.0, 5.0]]), torch.tensor([0, 0]), num_classes=1)
        (tensor([[0.5000, 0.5000]], dtype=torch.float64), tensor([2]))
    """
    rows = F.normalize(features.double(), dim=1)
    sums = rows.new_zeros(num_classes, rows.shape[1]).index_add(0, labels, rows)
    sizes = torch.bincount(labels, minlength=num_classes)
    return sums / sizes.clamp(min=1)[:, None], sizes


def min_center_angle(centers: Tensor) -> float:
    """Smallest angle between two rows of (C, D), in degrees; C classes can reach arccos(-1 / (C - 1)) at most.

    Example:
        >>> round(min_center_angle(torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])), 6)
        90.0
    """
    cosines = _pair_cosines(centers)
    return math.degrees(math.acos(max(-1.0, min(1.0, float(cosines.max())))))


def center_uniformity(centers: Tensor) -> float:
    """Log of the mean of ``exp(-2 |a - b|^2)`` over pairs of normalised rows of (C, D); lower is more uniform.

    From `Understanding Contrastive Representation Learning <https://arxiv.org/abs/2005.10242>`_, over class centres.

    Example:
        >>> center_uniformity(torch.eye(3))  # every pair at a squared distance of 2
        -4.0
    """
    cosines = _pair_cosines(centers)
    return float(torch.logsumexp(-4 * (1 - cosines), 0) - math.log(len(cosines)))


def class_geometry(features: Tensor, labels: Tensor, num_classes: int) -> dict[str, float]:
    """Figures that tell how evenly a representation spreads the classes.

    Args:
        features: Pooled features or embeddings, shape (N, D).
        labels: Their classes, int64, shape (N,).
        num_classes: Number of classes; those without rows are left out.

    Returns:
        ``min_angle`` between class centres in degrees (higher is better), ``uniformity`` of the class centres and
        ``alignment``, the mean of :func:`class_alignment` over the classes that have it (lower is better for both; NaN
        where none does). Fewer than two classes with rows have no ``min_angle`` and no ``uniformity``.

    Example:
        >>> features = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        >>> figures = class_geometry(features, torch.tensor([0, 0, 1]), num_classes=2)
        >>> round(figures['min_angle'], 6), figures['alignment']
        (90.0, 0.0)
    """
    means, sizes = class_centers(features, labels, num_classes)
    means = means[sizes > 0]
    figures = {'alignment': float(class_alignment(features, labels, num_classes).nanmean())}
    if len(means) < 2:
        return figures
    return {'min_angle': min_center_angle(means), 'uniformity': center_uniformity(means), **figures}


def class_alignment(features: Tensor, labels: Tensor, num_classes: int) -> Tensor:
    """Mean squared distance of two different images of a class, for each class; lower is tighter.

    From `Understanding Contrastive Representation Learning <https://arxiv.org/abs/2005.10242>`_, where the two are
    views of one image. Their mean over classes counts each class alike.

    Args:
        features: Rows of any length, of which the directions count, shape (N, D).
        labels: Their classes, int64, shape (N,).
        num_classes: Number of classes C.

    Returns:
        float64, shape (C,), 0 to 4; NaN for a class with fewer than two rows.

    Example:
        >>> features = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
        >>> class_alignment(features, torch.tensor([0, 0, 1]), num_classes=2)
        tensor([2., nan], dtype=torch.float64)
    """
    means, sizes = class_centers(features, labels, num_classes)
    # Over all pairs, those of a row with itself included, the mean is 2 (1 - |mean|^2): no pair is ever formed.
    all_pairs = (2 * (1 - means.square().sum(1))).clamp(min=0)
    return (all_pairs * sizes / (sizes - 1)).masked_fill(sizes < 2, torch.nan)


def uniformity(features: Tensor, rows: int = 1024) -> float:
    """Log of the mean of ``exp(-2 |a - b|^2)`` over pairs of different images; lower is more uniform.

    From the same paper. The memory is that of some rows by N, the time that of N * N.

    Args:
        features: Rows of any length, of which the directions count, shape (N, D), at least two.
        rows: Rows that are compared with all others at a time.

    Example:
        >>> round(uniformity(torch.eye(3)), 6)  # every pair at a squared distance of 2
        -4.0
    """
    unit, total = F.normalize(features.double(), dim=1), features.new_zeros((), dtype=torch.float64)
    for piece in unit.split(rows):
        total += torch.exp(4 * (piece @ unit.T - 1)).sum()
    number = len(unit)
    return float(torch.log((total - number) / (number * (number - 1))))  # a row is at distance 0 from itself


def _pair_cosines(centers: Tensor) -> Tensor:
    """Cosine of every unordered pair of rows of (C, D), shape (C * (C - 1) / 2,)."""
    rows = F.normalize(centers.double(), dim=1)
    first, second = torch.triu_indices(len(rows), len(rows), offset=1)
    return (rows @ rows.T)[first, second]
