"""What every contrastive loss needs of its sample pairs, without an anchor-by-contrast mask."""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable


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


class RowLogSumExp(torch.autograd.Function):
    """Log-sum-exp over the products of each row with all columns, and their maximum.

    The gradient for a row is the average of the columns, weighted by their softmax. It is formed in the forward pass,
    while the softmax is at hand, so that no (N, M) matrix is kept for the backward pass: a queue needs no gradient of
    its own, and then one such matrix is all that ever exists. First derivatives only.
    """

    @staticmethod
    def forward(
        ctx: FunctionCtx, rows: Tensor, columns: Tensor, column_bias: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Reduce the products of rows (N, D) and columns (M, D) to their log-sum-exp (N,) and maximum (N,).

        ``column_bias`` (M,), a constant without gradient, is added to the products of each column.
        """
        weights = rows @ columns.T
        if column_bias is not None:
            weights.add_(column_bias)
        row_max = weights.amax(1)
        weights.sub_(row_max[:, None]).exp_()
        sums = weights.sum(1)
        rows_need_grad, columns_need_grad = ctx.needs_input_grad[:2]
        mean_columns = (weights @ columns).div_(sums[:, None]) if rows_need_grad else None
        if columns_need_grad:
            ctx.save_for_backward(mean_columns, rows, weights.div_(sums[:, None]))
        else:
            ctx.save_for_backward(mean_columns)
        ctx.mark_non_differentiable(row_max)
        return sums.log().add_(row_max), row_max

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, grad: Tensor, _: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        """Gradients for rows and columns from that of the log-sum-exp, shape (N,)."""
        mean_columns, *saved = ctx.saved_tensors
        grad_rows = None if mean_columns is None else grad[:, None] * mean_columns
        if not saved:
            return grad_rows, None, None
        rows, weights = saved
        return grad_rows, weights.T @ (grad[:, None] * rows), None


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
    # In float64: thousands of nearly equal rows of one class, added up one by one, lose four digits in float32.
    class_sums = anchors.new_zeros(num_classes, anchors.shape[1], dtype=torch.float64)
    class_sums = class_sums.index_add(0, labels, anchors.double())
    class_sizes = anchors.new_zeros(num_classes).index_add(0, labels, torch.ones_like(row_max))
    if len(contrast):
        contrast_log_sum_exp, contrast_max = RowLogSumExp.apply(scaled, contrast)
        row_max = torch.maximum(row_max, contrast_max)
        log_sum_exp = torch.logaddexp(log_sum_exp, contrast_log_sum_exp)
        class_sums = class_sums.index_add(0, contrast_labels, contrast.double())
        class_sizes = class_sizes.index_add(0, contrast_labels, contrast.new_ones(len(contrast)))
    positive_sum = ((class_sums[labels] - anchors).to(anchors.dtype) * scaled).sum(1)
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
