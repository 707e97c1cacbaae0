r"""Neural collapse: how close features and classifier are to the state that training ends in on balanced classes.

From `Prevalence of Neural Collapse during the Terminal Phase of Deep Learning Training
<https://arxiv.org/abs/2008.08186>`_. Let :math:`\mu_c` be the mean of the :math:`n_c` features of class c, of C classes
that have features. The four signs of collapse are 0 when it is complete:

1. the features of a class are one point (:func:`within_class_variability`);
2. the class means, and the rows of the classifier, are a simplex (:func:`equinorm`, :func:`pair_cosines`);
3. the rows of the classifier point where the class means do (:func:`self_duality`);
4. the classifier decides as the nearest class mean does (:func:`nearest_mean`).

With balanced classes the definitions are the published ones. With unbalanced ones each class counts alike, however
many images it has: the centre :math:`\mu_G` is the mean of the class means, not of the images, and covariances within
classes are averaged over the classes. So a tail that has not collapsed is not hidden behind a head that has.

Nothing grows with N * N or N * C: rows are taken in pieces.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

ROWS = 4096
"""Rows of a piece."""


class ClassMeans(NamedTuple):
    """Means of the classes.

    Args:
        means: Mean of each class, float64, shape (C, D); zero for a class without rows.
        sizes: Rows of each class, int64, shape (C,).
        center: Mean of the means of the classes with rows, shape (D,).

    Example:
        >>> found = ClassMeans(torch.tensor([[2.0], [0.0], [4.0]]), torch.tensor([3, 0, 1]), torch.tensor([3.0]))
        >>> found.present, found.centered.flatten()
        (tensor([ True, False,  True]), tensor([-1.,  1.]))
    """

    means: Tensor
    sizes: Tensor
    center: Tensor

    @property
    def present(self) -> Tensor:
        """Mask of the classes with rows, shape (C,)."""
        return self.sizes > 0

    @property
    def centered(self) -> Tensor:
        """Means of the classes with rows, without the centre, shape (C', D)."""
        return self.means[self.present] - self.center


class PairCosines(NamedTuple):
    """Cosines between the rows of a matrix, over all pairs of two different rows.

    Args:
        mean: Their mean.
        std: Their standard deviation: 0 if all angles are alike.
        simplex_gap: Mean distance from ``-1 / (C - 1)``, the cosine in a simplex.
        nearest: For each row the one with the largest cosine, int64, shape (C,).
        nearest_cosine: That cosine, shape (C,).
        histogram: Pairs by their angle, one a degree, shape (180,).

    Example:
        >>> found = pair_cosines(torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]))
        >>> found.histogram[90], found.histogram[179]  # two right angles, and one of 180 degrees
        (tensor(2), tensor(1))
    """

    mean: float
    std: float
    simplex_gap: float
    nearest: Tensor
    nearest_cosine: Tensor
    histogram: Tensor


def class_means(features: Tensor, labels: Tensor, num_classes: int) -> ClassMeans:
    """Means of the classes, summed in float64.

    Args:
        features: Shape (N, D).
        labels: Their classes, int64, shape (N,).
        num_classes: Number of classes C.

    Example:
        >>> found = class_means(torch.tensor([[1.0], [3.0], [-2.0]]), torch.tensor([0, 0, 1]), num_classes=2)
        >>> found.means.flatten().tolist(), found.sizes.tolist(), found.center.tolist()
        ([2.0, -2.0], [2, 1], [0.0])
    """
    sums = torch.zeros(num_classes, features.shape[1], dtype=torch.float64, device=features.device)
    for rows, of_rows in _pieces(features, labels):
        sums.index_add_(0, of_rows, rows)
    sizes = torch.bincount(labels, minlength=num_classes)
    means = sums / sizes.clamp(min=1)[:, None]
    return ClassMeans(means, sizes, means[sizes > 0].mean(0))


def within_class_variability(features: Tensor, labels: Tensor, found: ClassMeans, unbiased: bool = False) -> Tensor:
    r"""Share of each class in NC1, :math:`\mathrm{tr}(\Sigma_W \Sigma_B^+) / C`.

    :math:`\Sigma_W` is the mean over classes of the covariance within a class (divided by its number of rows),
    :math:`\Sigma_B` the covariance of the class means, both with each class alike, and + the pseudo-inverse. NC1 is the
    mean of the result over the classes.

    Args:
        features: Shape (N, D).
        labels: Their classes, int64, shape (N,).
        found: Their :func:`class_means`.
        unbiased: Divide a covariance by the number of rows less one, so that small and large classes can be compared:
            rows lie nearer to their own mean the fewer they are. NC1 as published has False.

    Returns:
        float64, shape (C,); NaN for a class with fewer than two rows, which has no variability to speak of, and
        everywhere if all means are one point.

    Example:
        >>> features, labels = torch.tensor([[1.0], [3.0], [-2.0], [-2.0]]), torch.tensor([0, 0, 1, 1])
        >>> within_class_variability(features, labels, class_means(features, labels, 2)).tolist()
        [0.125, 0.0]
    """
    whitener = _whitener(found.centered)
    sums = torch.zeros(len(found.sizes), dtype=torch.float64, device=features.device)
    for rows, of_rows in _pieces(features, labels):
        sums.index_add_(0, of_rows, ((rows - found.means[of_rows]) @ whitener).square().sum(1))
    shares = sums / (found.sizes - int(unbiased)) / int(found.present.sum())
    return shares.masked_fill((found.sizes < 2) | (whitener.shape[1] == 0), torch.nan)


def variance_ratio(features: Tensor, labels: Tensor, found: ClassMeans) -> float:
    r"""Plain form of NC1, :math:`\mathrm{tr}\,\Sigma_W / \mathrm{tr}\,\Sigma_B`, over classes with two rows or more.

    It needs no inverse, so that it stays steady where there are more classes than dimensions. Arguments as of
    :func:`within_class_variability`; NaN if all means are one point.

    Example:
        >>> features, labels = torch.tensor([[1.0], [3.0], [-2.0], [-2.0]]), torch.tensor([0, 0, 1, 1])
        >>> variance_ratio(features, labels, class_means(features, labels, 2))
        0.125
    """
    sums = torch.zeros(len(found.sizes), dtype=torch.float64, device=features.device)
    for rows, of_rows in _pieces(features, labels):
        sums.index_add_(0, of_rows, (rows - found.means[of_rows]).square().sum(1))
    several = found.sizes > 1
    between = found.centered.square().sum(1).mean()
    within = (sums[several] / found.sizes[several]).mean()
    return float(within / between) if between > 0 else float('nan')


def equinorm(rows: Tensor) -> float:
    """Standard deviation of the lengths of rows (C, D) over their mean, the first half of NC2; 0 if all are alike.

    Example:
        >>> equinorm(torch.tensor([[1.0, 0.0], [0.0, 3.0]]))
        0.5
    """
    lengths = rows.double().norm(dim=1)
    return float(lengths.std(correction=0) / lengths.mean())


def pair_cosines(rows: Tensor) -> PairCosines:
    """Cosines between the rows of a matrix, the second half of NC2 (``std`` and ``simplex_gap``).

    Args:
        rows: Class means without their centre, or rows of a classifier, shape (C, D), at least two.

    Example:
        >>> found = pair_cosines(torch.eye(3))  # in a simplex all would be -1 / 2
        >>> found.mean, found.std, found.simplex_gap
        (0.0, 0.0, 0.5)
    """
    unit, num_rows = F.normalize(rows.double(), dim=1), len(rows)
    simplex, sums = -1 / (num_rows - 1), torch.zeros(3, dtype=torch.float64, device=rows.device)
    histogram = torch.zeros(180, dtype=torch.int64, device=rows.device)
    nearest, nearest_cosine = [], []
    step = max(1, ROWS * 1024 // num_rows)
    for start in range(0, num_rows, step):
        cosines = (unit[start : start + step] @ unit.T).clamp_(-1, 1)
        own = torch.arange(len(cosines), device=rows.device)
        others = torch.ones_like(cosines, dtype=torch.bool)
        others[own, start + own] = False
        pairs = cosines[others]
        sums += torch.stack([pairs.sum(), pairs.square().sum(), (pairs - simplex).abs().sum()])
        degrees = torch.rad2deg(pairs.acos()).long().clamp_(max=179)
        histogram += torch.bincount(degrees, minlength=180)
        cosines[own, start + own] = -torch.inf
        largest = cosines.max(dim=1)
        nearest.append(largest.indices)
        nearest_cosine.append(largest.values)
    mean, square, gap = (sums / (num_rows * (num_rows - 1))).tolist()
    std = max(0.0, square - mean**2) ** 0.5
    return PairCosines(mean, std, gap, torch.cat(nearest), torch.cat(nearest_cosine), histogram // 2)


def self_duality(weights: Tensor, means: Tensor) -> float:
    """NC3: squared distance of a classifier's weights and the centred class means, each of them scaled to length 1.

    Args:
        weights: A row for each class, shape (C, D).
        means: Class means without their centre, shape (C, D).

    Returns:
        From 0, the same directions and ratios of lengths, to 4, opposite ones; 2 where they have nothing in common.

    Example:
        >>> weights, means = torch.tensor([[0.0, 1.0], [0.0, -1.0]]), torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
        >>> round(self_duality(weights, means), 6)
        2.0
    """
    weights, means = weights.double(), means.double()
    return float((weights / weights.norm() - means / means.norm()).square().sum())


def nearest_mean(features: Tensor, found: ClassMeans) -> Tensor:
    """Class whose mean is the nearest to each row; NC4 is the share of rows that the classifier puts elsewhere.

    Args:
        features: Shape (N, D).
        found: Means to compare with, such as those of the training images; classes without rows are never the nearest.

    Returns:
        int64, shape (N,).

    Example:
        >>> found = class_means(torch.tensor([[1.0], [3.0], [-2.0]]), torch.tensor([0, 0, 1]), num_classes=2)
        >>> nearest_mean(torch.tensor([[5.0], [-1.0]]), found)
        tensor([0, 1])
    """
    means, classes = found.means[found.present], found.present.nonzero().flatten()
    offsets = means.square().sum(1) / 2
    return torch.cat([classes[(rows @ means.T - offsets).argmax(1)] for rows, _ in _pieces(features, features)])


def _whitener(centered: Tensor) -> Tensor:
    """Matrix (D, R) whose product with its transpose is the pseudo-inverse of the covariance of rows (C, D)."""
    _, lengths, directions = torch.linalg.svd(centered / len(centered) ** 0.5, full_matrices=False)
    # The tolerance of numpy.linalg.matrix_rank; C centred rows have the rank C - 1 at most.
    tolerance = lengths.max() * max(centered.shape) * torch.finfo(lengths.dtype).eps
    kept = lengths > tolerance
    return directions[kept].T / lengths[kept]


def _pieces(features: Tensor, labels: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Pieces of the rows, in float64, and of what belongs to them."""
    for rows, of_rows in zip(features.split(ROWS), labels.split(ROWS), strict=True):
        yield rows.double(), of_rows
