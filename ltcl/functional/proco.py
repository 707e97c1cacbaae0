"""Loss of ProCo: supervised contrast with infinitely many samples of every class, in closed form."""

import functools
import itertools
import math
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from .checks import check_shapes
from .logit_adjustment import logit_adjusted_loss
from .precision import full_precision

MAX_CONCENTRATION = 1e5
START_LENGTH = 0.9  # of a mean that no row has replaced yet
LOWEST_ORDER = 24  # of the Bessel function, from which on the expansion is used: 10 terms at most
TERM_BOUND = 1e-14  # of the first term that is left out


class ClassMeans(NamedTuple):
    """Mean of the embeddings of each class, and how many there were."""

    mean: Tensor
    """Shape (num_classes, D); its length tells how close together the rows are."""
    amount: Tensor
    """Rows of each class, shape (num_classes,), of the mean's type."""


def random_means(num_classes: int, feat_dim: int, generator: torch.Generator | None = None) -> ClassMeans:
    """What the estimate starts with: directions at random, of no row.

    Args:
        num_classes: Number of classes.
        feat_dim: Width D of the embeddings.
        generator: Source of the directions; None is PyTorch's own.
    """
    directions = F.normalize(torch.randn(num_classes, feat_dim, generator=generator), dim=1)
    return ClassMeans(START_LENGTH * directions, torch.zeros(num_classes))


@check_shapes(rows='N D')
def means_of(rows: Tensor, labels: Tensor, num_classes: int) -> ClassMeans:
    """Mean and number of the rows of each class; zeros for a class without any.

    Args:
        rows: Unit embeddings, shape (N, D).
        labels: Class of each row, int64, shape (N,).
        num_classes: Number of classes.
    """
    amount = rows.new_zeros(num_classes).index_add_(0, labels, rows.new_ones(len(rows)))
    sums = rows.new_zeros(num_classes, rows.shape[1]).index_add_(0, labels, rows)
    return ClassMeans(sums / amount.clamp_min(1)[:, None], amount)


def joined(first: ClassMeans, second: ClassMeans) -> ClassMeans:
    """Means over the rows of both; where neither has a row of a class, the mean of the first."""
    amount = first.amount + second.amount
    share = second.amount / amount.clamp_min(1)
    return ClassMeans(first.mean.lerp(second.mean, share[:, None]), amount)


def concentration(class_means: Tensor) -> Tensor:
    r"""Concentration of the von Mises-Fisher distribution of each class, :math:`D R / (1 - R^2)`, R the mean's length.

    Args:
        class_means: Mean of the unit embeddings of each class, shape (num_classes, D).

    Returns:
        float64 tensor of shape (num_classes,), at most 1e5: that of a class of one row, and of lengths that rounding
        has put above 1.
    """
    length = class_means.double().norm(dim=1)
    estimate = class_means.shape[1] * length / (1 - length.square())
    return estimate.where((estimate >= 0) & (estimate <= MAX_CONCENTRATION), MAX_CONCENTRATION)


def log_normalizer(squares: Tensor, feat_dim: int) -> Tensor:
    r"""Log of the normaliser of a von Mises-Fisher distribution, :math:`\log I_\nu(t) - \nu \log t`, up to a constant.

    I is the modified Bessel function of order :math:`\nu = D / 2 - 1`. The slope in t is
    :math:`I_{\nu + 1}(t) / I_\nu(t)`.

    Args:
        squares: :math:`t^2`, any shape. As a function of it nothing is singular at 0.
        feat_dim: D.

    Returns:
        float64 tensor of the same shape, right to about 1e-14 (relative where above 1).
    """
    return _LogNormalizer.apply(squares, feat_dim / 2 - 1)


class _LogNormalizer(torch.autograd.Function):
    """Debye's uniform expansion at a large order, then the recurrence downwards, which is stable."""

    @staticmethod
    def forward(ctx: Any, squares: Tensor, order: float) -> Tensor:
        """Values at ``squares``; half the ratio of the slope to t, which is the derivative, is kept."""
        squares = squares.double()
        num_steps = max(0, math.ceil(LOWEST_ORDER - order))
        value, ratio = _expansion(squares, order + num_steps)
        product = torch.ones_like(ratio)
        for step in range(num_steps, 0, -1):
            ratio = ratio.mul_(squares).add_(2 * (order + step)).reciprocal_()
            product.mul_(ratio)
        ctx.save_for_backward(ratio.div_(2))
        return value.sub_(product.log_())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """Gradient for ``squares``."""
        return grad * ctx.saved_tensors[0], None


def _expansion(squares: Tensor, order: float) -> tuple[Tensor, Tensor]:
    """Logarithm and slope / t at a large order; with r^2 = t^2 + order^2, a series in p = order / r."""
    radius = squares.add(order**2).sqrt_()
    position = order / radius
    series, slope = torch.zeros_like(radius), torch.zeros_like(radius)
    for power, coefficient in reversed(list(enumerate(_coefficients(order), 1))):
        series.add_(coefficient / power).mul_(position)
        slope.add_(coefficient).mul_(position)
    shifted = radius + order
    ratio = shifted.reciprocal().sub_(slope.add_(0.5).div_(radius).div_(radius))
    series.add_(radius).sub_(shifted.log_().mul_(order)).sub_(radius.mul_(2 * math.pi).log_().div_(2))
    return series, ratio


@functools.lru_cache
def _coefficients(order: float) -> list[float]:
    """Derivative of the series, the logarithm of Debye's, as coefficients of 1, p, p^2, ...

    Term k of the series is less than a third of ``(k - 1)! / (pi order)^k`` for all p in 0..1.
    """
    terms: list[list[float]] = []
    while math.factorial(len(terms)) / (math.pi * order) ** (len(terms) + 1) / 3 > TERM_BOUND:
        terms.append(_next_term(terms))
    scaled = ([coefficient / order**k for coefficient in term] for k, term in enumerate(terms, 1))
    return _total(*scaled)


def _next_term(terms: list[list[float]]) -> list[float]:
    """Term of the next power of 1 / order, from the Riccati equation that the derivative satisfies."""
    if not terms:
        return [1 / 8, 0.0, -5 / 8]
    last = terms[-1]
    derivative = [power * coefficient for power, coefficient in enumerate(last)][1:]
    products = [_product(*pair) for pair in zip(terms[:-1], terms[-2::-1], strict=True)]
    curved = _product([0.0, 0.0, 1 / 2, 0.0, -1 / 2], _total(derivative, *products))
    return _total(curved, _product([0.0, 1.0, 0.0, -2.0], last))


def _total(*polynomials: list[float]) -> list[float]:
    return [sum(each) for each in itertools.zip_longest(*polynomials, fillvalue=0.0)]


def _product(first: list[float], second: list[float]) -> list[float]:
    return _total(*([0.0] * shift + [factor * each for each in second] for shift, factor in enumerate(first)))


@full_precision
@check_shapes()
def proco_logits(anchors: Tensor, class_means: Tensor, *, temperature: float = 0.07) -> Tensor:
    r"""Log of the expected :math:`e^{z \cdot x / T}` for a sample x of each class.

    With the concentration :math:`\kappa_j` of class j, the direction :math:`\mu_j` of its mean and
    :math:`t_{ij} = |\kappa_j \mu_j + z_i / T|` this is :math:`\log C(\kappa_j) - \log C(t_{ij})`, C the constant of the
    distribution. Its square :math:`t^2 = \kappa^2 + 2 \kappa \mu \cdot z / T + |z|^2 / T^2` needs one product of
    matrices; no (N, num_classes, D) tensor exists.

    Args:
        anchors: Unit embeddings z, shape (N, D).
        class_means: Mean of the unit embeddings of each class, without gradient, shape (num_classes, D).
        temperature: T, divides the similarities.

    Returns:
        Logits of shape (N, num_classes), of the anchors' type. Their differences lose nothing at large concentrations:
        whatever the type, all but the cosines is float64.
    """
    feat_dim = anchors.shape[1]
    kappa = concentration(class_means)
    cosines = anchors @ F.normalize(class_means, dim=1).to(anchors.dtype).T
    lengths = anchors.double().square().sum(1, keepdim=True)
    squares = (cosines.double() * (2 / temperature * kappa)).add_(kappa.square()).add_(lengths / temperature**2)
    logits = log_normalizer(squares, feat_dim) - log_normalizer(kappa.square(), feat_dim)
    return logits.to(anchors.dtype)


@full_precision
@check_shapes()
def proco_loss(
    anchors: Tensor, labels: Tensor, *, class_means: Tensor, class_counts: Tensor, temperature: float = 0.07
) -> Tensor:
    """Supervised contrast with all samples that the classes could have.

    From `Probabilistic Contrastive Learning for Long-Tailed Visual Recognition <https://arxiv.org/abs/2403.06726>`_.
    The embeddings of a class follow a von Mises-Fisher distribution. In the limit of infinitely many samples, as many
    of each class as its share of the training images, supervised contrast is the logit-adjusted cross entropy of
    :func:`proco_logits`; no row is needed beside the anchors.

    Args:
        anchors: Unit embeddings, shape (N, D).
        labels: Class of each anchor, int64, shape (N,).
        class_means: Mean of the unit embeddings of each class, without gradient, shape (num_classes, D).
        class_counts: Training images per class, shape (num_classes,); a class without any is left out.
        temperature: T, divides the similarities.

    Returns:
        Scalar mean over anchors.

    Differs from the original: the Bessel function is exact at all concentrations; the published recurrence is off where
    they are far above the width of the embeddings.

    Example:
        >>> import torch
        >>> anchors, labels = torch.eye(2), torch.tensor([0, 1])
        >>> proco_loss(anchors, labels, class_means=torch.zeros(2, 2), class_counts=torch.tensor([1, 1]))  # log(2)
        tensor(0.6931)
    """
    logits = proco_logits(anchors, class_means, temperature=temperature)
    return logit_adjusted_loss(logits, labels, class_counts, eps=0)
