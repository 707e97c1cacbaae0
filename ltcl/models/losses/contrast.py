"""What every contrastive loss needs of its sample pairs, without an anchor-by-contrast mask."""

import math
from typing import NamedTuple

import torch
from torch import Tensor


class ContrastTerms(NamedTuple):
    """Sums over the contrast rows of each anchor, the anchor itself left out; every entry has shape (N,)."""

    log_sum_exp: Tensor
    """Log of the summed exponentials of the similarities; -inf for an anchor without any other row."""
    positive_sum: Tensor
    """Sum of the similarities to the rows of the anchor's class."""
    num_positives: Tensor
    """Number of these rows."""
    row_max: Tensor
    """Largest similarity, the anchor's own included, without gradient."""


def contrast_terms(
    anchors: Tensor, labels: Tensor, contrast: Tensor, contrast_labels: Tensor, *, num_classes: int, temperature: float
) -> ContrastTerms:
    """Compare anchors with each other and with further contrast rows.

    The similarity is the dot product divided by the temperature. The sum over positives needs only one summed row per
    class, so the pairwise similarities are touched by the log-sum-exp alone. Gradients reach an anchor through both of
    its roles; a ``contrast`` that needs no gradient costs none.

    Args:
        anchors: Unit rows, shape (N, D).
        labels: Class of each anchor, int64, shape (N,), in 0..num_classes-1.
        contrast: Further unit rows (keys, queue), shape (M, D); M may be 0.
        contrast_labels: Class of each further row, int64, shape (M,).
        num_classes: Number of classes.
        temperature: Divides the dot products.

    Returns:
        The four per-anchor sums.
    """
    scaled = anchors / temperature
    among_anchors = scaled @ anchors.T
    row_max = among_anchors.detach().amax(1)
    # Outside the graph on purpose: the log-sum-exp gives a weight, hence a gradient, of 0 to -inf.
    with torch.no_grad():
        among_anchors.fill_diagonal_(-math.inf)
    log_sum_exp = _logsumexp_rows(among_anchors)
    class_sums = anchors.new_zeros(num_classes, anchors.shape[1]).index_add(0, labels, anchors)
    class_sizes = anchors.new_zeros(num_classes).index_add(0, labels, torch.ones_like(row_max))
    if len(contrast):
        with_contrast = scaled @ contrast.T
        row_max = torch.maximum(row_max, with_contrast.detach().amax(1))
        log_sum_exp = torch.logaddexp(log_sum_exp, torch.logsumexp(with_contrast, 1))
        class_sums = class_sums.index_add(0, contrast_labels, contrast)
        class_sizes = class_sizes.index_add(0, contrast_labels, contrast.new_ones(len(contrast)))
    positive_sum = ((class_sums[labels] - anchors) * scaled).sum(1)
    return ContrastTerms(log_sum_exp, positive_sum, class_sizes[labels] - 1, row_max)


def _logsumexp_rows(similarities: Tensor) -> Tensor:
    """Row-wise log-sum-exp of the (N, N) similarities; a lone anchor has nothing to compare itself with."""
    if len(similarities) == 1:
        return similarities.detach().flatten()
    return torch.logsumexp(similarities, 1)


def published_log_denominator(*parts: Tensor, row_max: Tensor) -> Tensor:
    """Join log-sum-exps as the published code does: with 1e-12 added after the row maximum is subtracted.

    The row maximum there includes the anchor's similarity to itself, so the constant is not negligible when every other
    term is far below ``1 / temperature``.

    Args:
        *parts: Log-sum-exps to be added, each of shape (N,).
        row_max: Largest of all terms, the self pair included, shape (N,), without gradient.

    Returns:
        Log of the whole denominator, shape (N,).
    """
    return torch.logsumexp(torch.stack([*parts, row_max + math.log(1e-12)]), 0)
