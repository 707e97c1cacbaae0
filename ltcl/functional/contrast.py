"""What the losses of samples need of their pairs, without an anchor-by-row mask."""

from typing import NamedTuple

import torch
from torch import Tensor

from .class_sums import own_class_sums
from .log_sums import log_sum_exp


class ContrastTerms(NamedTuple):
    """Sums over the rows that each anchor is compared with, itself left out; every entry has shape (N,)."""

    log_sum_exp: Tensor
    """Log of the summed exponentials of the similarities; -inf for an anchor without any other row."""
    positive_sum: Tensor
    """Sum of the similarities to the rows of the anchor's class."""
    num_positives: Tensor
    """Number of these rows."""
    row_max: Tensor
    """Largest similarity, the anchor's own included, without gradient."""


def join_rows(anchors: Tensor, labels: Tensor, rows: Tensor, row_labels: Tensor) -> tuple[Tensor, Tensor]:
    """Anchors and further rows, and their labels, in one; no copy where there are no further rows."""
    if not len(rows):
        return anchors, labels
    return torch.cat([anchors, rows]), torch.cat([labels, row_labels])


def contrast_terms(
    anchors: Tensor, labels: Tensor, rows: Tensor, row_labels: Tensor, *, num_classes: int, temperature: float
) -> ContrastTerms:
    """Compare anchors with each other and with further rows.

    The similarity is the dot product divided by the temperature. The sum over positives needs only one summed row per
    class, so the pairwise similarities are touched by the log-sum-exp alone. Gradients reach an anchor through both of
    its roles; ``rows`` that need no gradient cost none.

    Args:
        anchors: Unit rows, shape (N, D).
        labels: Class of each anchor, int64, shape (N,), in 0..num_classes-1.
        rows: Further unit rows (keys, queue), shape (M, D); M may be 0.
        row_labels: Class of each further row, int64, shape (M,); -1 makes it nobody's positive.
        num_classes: Number of classes.
        temperature: Divides the dot products.

    Returns:
        The four per-anchor sums.
    """
    scaled = anchors / temperature
    log_sum_anchors, anchor_max = log_sum_exp(scaled, anchors, without_self=True)
    if len(anchors) == 1:  # there is nothing to compare it with
        log_sum_anchors = log_sum_anchors.detach()
    log_sum_rows, row_max = log_sum_exp(scaled, rows)
    sums, numbers = own_class_sums(labels, num_classes, (anchors, labels), (rows, row_labels))
    return ContrastTerms(
        torch.logaddexp(log_sum_anchors, log_sum_rows),
        ((sums - anchors).to(anchors.dtype) * scaled).sum(1),
        numbers - 1,
        torch.maximum(anchor_max, row_max),
    )
