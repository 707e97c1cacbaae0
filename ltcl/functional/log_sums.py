"""Log-sum-exp over the rows that an anchor is compared with, without keeping their similarities."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .tiles import fits_budget, row_ranges

PUBLISHED_EPS = 1e-12


class OwnBias(NamedTuple):
    """What is added to the products of each anchor with the rows of its own class, in place of a column's bias."""

    bias: Tensor
    """Constant without gradient, shape (N,)."""
    row_labels: Tensor
    """Class of each row, int64, shape (M,); the first N rows are the anchors."""


class RowLogSumExp(torch.autograd.Function):
    """Log-sum-exp over the products of each anchor with all rows, and their maximum.

    The rows are visited tile by tile. The gradient for an anchor is the average of the rows, weighted by their softmax.
    It is formed in the forward pass, while the weights of a tile are in the cache, so that no (N, M) matrix exists
    where the rows need no gradient, as those of a queue. Where they need one, the weights are kept for the backward
    pass if they fit into the memory budget; else they are computed once more there. First derivatives only.
    """

    @staticmethod
    def forward(
        ctx: Any, anchors: Tensor, rows: Tensor, column_bias: Tensor | None, without_self: bool, *own: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Reduce the products of anchors (..., N, D) and rows (..., M, D) to log-sum-exp and maximum (..., N).

        The other arguments are those of :func:`log_sum_exp`, ``own`` the parts of an :class:`OwnBias`.
        """
        anchors_need_grad, rows_need_grad = ctx.needs_input_grad[:2]
        num_pairs = anchors[..., 0].numel() * rows.shape[-2]
        ctx.ranges = row_ranges(rows.shape[-2], anchors[..., 0].numel(), anchors.device)
        ctx.without_self = without_self
        is_kept = rows_need_grad and fits_budget(num_pairs * anchors.itemsize)
        kept, maxima = [], []
        largest = anchors.new_full((*anchors.shape[:-1], 1), -math.inf)
        # Not -inf, from which nothing can be subtracted: a tile may hold -inf alone, and then has a sum of 0.
        row_max = torch.full_like(largest, torch.finfo(largest.dtype).min)
        total = torch.zeros_like(largest)
        means = torch.zeros_like(anchors) if anchors_need_grad else None
        for here in ctx.ranges:
            weights = _products(anchors, rows, here, column_bias, own)
            tile_max = weights.amax(-1, keepdim=True)
            largest = torch.maximum(largest, tile_max)
            if without_self:
                leave_out_self(weights[..., here, :])
                tile_max = weights.amax(-1, keepdim=True)
            # What was summed so far is brought to the new maximum: one sum is kept, not one of each tile.
            before, row_max = row_max, torch.maximum(row_max, tile_max)
            shrink = (before - row_max).exp_()
            weights.sub_(row_max).exp_()
            total.mul_(shrink).add_(weights.sum(-1, keepdim=True))
            if means is not None:
                means.mul_(shrink).add_(weights @ rows[..., here, :])
            if is_kept:
                kept.append(weights)
                maxima.append(row_max)
        if means is not None:
            means.div_(total)
        log_sums = total.log().add_(row_max)
        largest = largest.squeeze(-1)
        ctx.mark_non_differentiable(largest)
        ctx.num_kept, ctx.num_own = len(kept), len(own)
        if rows_need_grad:
            scales = [(each - log_sums).exp_() for each in maxima] if is_kept else [log_sums]
            ctx.save_for_backward(means, anchors, rows, column_bias, *own, *scales, *kept)
        else:
            ctx.save_for_backward(means)
        return log_sums.squeeze(-1), largest

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients for anchors and rows from that of the log-sum-exp, shape (..., N)."""
        means, *saved = ctx.saved_tensors
        grad, nothing = grad[..., None], (None,) * (2 + ctx.num_own)
        grad_anchors = None if means is None else grad * means
        if not saved:
            return grad_anchors, None, *nothing
        anchors, rows, column_bias, *saved = saved
        own, scales = saved[: ctx.num_own], saved[ctx.num_own :]
        grad_rows = torch.empty_like(rows)
        with torch.autocast(rows.device.type, enabled=False):  # a backward pass may be called within one
            for idx, here in enumerate(ctx.ranges):
                if ctx.num_kept:
                    factor, weights = grad * scales[idx], scales[ctx.num_kept + idx]
                else:
                    factor, weights = grad, _products(anchors, rows, here, column_bias, own)
                    if ctx.without_self:
                        leave_out_self(weights[..., here, :])
                    weights.sub_(scales[0]).exp_()
                grad_rows[..., here, :] = weights.mT @ (factor * anchors)
        return grad_anchors, grad_rows, *nothing


def _products(anchors: Tensor, rows: Tensor, here: slice, column_bias: Tensor | None, own: Sequence[Tensor]) -> Tensor:
    """A tile of the products, with the bias of its columns."""
    products = anchors @ rows[..., here, :].mT
    if own:
        own_bias, row_labels = own
        labels = row_labels[: len(own_bias)]
        biases = products.new_zeros(()) if column_bias is None else column_bias[here]
        return products.add_(torch.where(labels[:, None] == row_labels[here], own_bias[:, None], biases))
    return products if column_bias is None else products.add_(column_bias[here])


def log_sum_exp(
    anchors: Tensor,
    rows: Tensor,
    column_bias: Tensor | None = None,
    *,
    own: OwnBias | None = None,
    without_self: bool = False,
) -> tuple[Tensor, Tensor]:
    """Log-sum-exp of each anchor's products with all rows, and the largest product.

    Args:
        anchors: Shape (..., N, D), already divided by the temperature.
        rows: Shape (..., M, D); M may be 0.
        column_bias: Added to the products with each row, without gradient, shape (M,).
        own: Another bias for the rows of the anchor's class.
        without_self: The first N of several rows are the anchors: leave the product of each with itself out of its
            sum, not out of the largest product.

    Returns:
        Both of shape (..., N), the second without gradient; -inf without any row.
    """
    if not rows.shape[-2]:
        nothing = anchors.new_full(anchors.shape[:-1], -math.inf)
        return nothing, nothing
    return RowLogSumExp.apply(anchors, rows, column_bias, without_self, *(own or ()))


@torch.no_grad()
def leave_out_self(similarities: Tensor, first: int = 0) -> Tensor:
    """Set the similarities of anchors with themselves, whose columns begin with the ``first``, to -inf, in place.

    Outside the graph on purpose: a log-sum-exp gives a weight, hence a gradient, of 0 to -inf.
    """
    similarities.diagonal(first, -2, -1).fill_(-math.inf)
    return similarities


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
