"""Log-sum-exp over the rows that an anchor is compared with, without keeping their similarities."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

PUBLISHED_EPS = 1e-12


class RowLogSumExp(torch.autograd.Function):
    """Log-sum-exp over the products of each anchor with all rows, and their maximum.

    The gradient for an anchor is the average of the rows, weighted by their softmax. It is formed in the forward pass,
    while the softmax is at hand, so that no (N, M) matrix is kept for the backward pass: a queue needs no gradient of
    its own, and then one such matrix is all that ever exists. First derivatives only.
    """

    @staticmethod
    def forward(ctx: Any, anchors: Tensor, rows: Tensor, column_bias: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Reduce the products of anchors (..., N, D) and rows (..., M, D) to log-sum-exp and maximum (..., N).

        ``column_bias`` (M,), a constant without gradient, is added to the products with each row.
        """
        weights = anchors @ rows.mT
        if column_bias is not None:
            weights.add_(column_bias)
        row_max = weights.amax(-1)
        weights.sub_(row_max[..., None]).exp_()
        sums = weights.sum(-1)
        anchors_need_grad, rows_need_grad = ctx.needs_input_grad[:2]
        mean_rows = (weights @ rows).div_(sums[..., None]) if anchors_need_grad else None
        if rows_need_grad:
            ctx.save_for_backward(mean_rows, anchors, weights.div_(sums[..., None]))
        else:
            ctx.save_for_backward(mean_rows)
        ctx.mark_non_differentiable(row_max)
        return sums.log().add_(row_max), row_max

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor, _: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        """Gradients for anchors and rows from that of the log-sum-exp, shape (..., N)."""
        mean_rows, *saved = ctx.saved_tensors
        grad_anchors = None if mean_rows is None else grad[..., None] * mean_rows
        if not saved:
            return grad_anchors, None, None
        anchors, weights = saved
        return grad_anchors, weights.mT @ (grad[..., None] * anchors), None


def log_sum_exp(anchors: Tensor, rows: Tensor, column_bias: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Log-sum-exp of each anchor's products with all rows, and the largest product.

    Args:
        anchors: Shape (..., N, D), already divided by the temperature.
        rows: Shape (..., M, D); M may be 0.
        column_bias: Added to the products with each row, without gradient, shape (M,).

    Returns:
        Both of shape (..., N), the second without gradient; -inf without any row.
    """
    if not rows.shape[-2]:
        nothing = anchors.new_full(anchors.shape[:-1], -math.inf)
        return nothing, nothing
    return RowLogSumExp.apply(anchors, rows, column_bias)


@torch.no_grad()
def leave_out_self(similarities: Tensor) -> Tensor:
    """Set the diagonal of similarities (N, >= N) to -inf, in place.

    Outside the graph on purpose: a log-sum-exp gives a weight, hence a gradient, of 0 to -inf.
    """
    return similarities.fill_diagonal_(-math.inf)


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
    return torch.logsumexp(torch.stack([*parts, row_max + math.log(PUBLISHED_EPS)]), 0)
