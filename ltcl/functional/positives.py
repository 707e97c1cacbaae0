"""Drawing a fixed number of positives for each anchor, without replacement and without an anchor-by-row mask."""

import torch
from torch import Tensor

from .checks import check_shapes

_NEVER = torch.iinfo(torch.int64).max


@torch.no_grad()
@check_shapes()
def draw_positives(draws: Tensor, labels: Tensor, row_labels: Tensor, excluded_rows: Tensor | None = None) -> Tensor:
    """Draw K rows of its class for each anchor, uniformly and without replacement.

    The pool of an anchor is the rows of its class in their order. Round j takes the one at position
    ``floor(draws[j, i] * n)`` of the n that are left.

    Args:
        draws: Uniform numbers in 0..1 without 1, shape (K, N).
        labels: Class of each anchor, int64, shape (N,), from 0.
        row_labels: Class of each row, int64, shape (M,); rows of label -1 are in no pool.
        excluded_rows: Rows that each anchor leaves out of its pool, int64, shape (E, N), each named once.

    Returns:
        The chosen rows, int64, shape (K, N); -1 where nothing is left.

    Example:
        >>> import torch
        >>> draws = torch.tensor([[0.9, 0.0], [0.0, 0.5]])
        >>> draw_positives(draws, torch.tensor([0, 1]), torch.tensor([1, 0, 0, -1]))
        tensor([[ 2,  0],
                [ 1, -1]])
    """
    sorted_labels, order = row_labels.sort(stable=True)
    starts = torch.searchsorted(sorted_labels, labels)
    sizes = torch.searchsorted(sorted_labels, labels, right=True) - starts
    excluded_ranks = starts.new_empty(0, len(starts))
    if excluded_rows is not None:
        places = torch.empty_like(order).scatter_(0, order, torch.arange(len(order), device=order.device))
        in_pool = row_labels[excluded_rows] == labels
        excluded_ranks = (places[excluded_rows] - starts).where(in_pool, _NEVER)
    ranks = draw_ranks(draws, sizes, excluded_ranks)
    chosen = order[(starts + ranks).clamp(max=len(order) - 1)] if len(order) else ranks
    return chosen.where(ranks >= 0, -1)


def draw_ranks(draws: Tensor, sizes: Tensor, taken: Tensor) -> Tensor:
    """Draw from the ranks 0..size-1 of each anchor, without replacement.

    Args:
        draws: Uniform numbers in 0..1 without 1, shape (K, N).
        sizes: Number of ranks of each anchor, int64, shape (N,).
        taken: Ranks that are not to be drawn, shape (E, N); the largest int64 stands for none.

    Returns:
        The chosen ranks, int64, shape (K, N); -1 where nothing is left.
    """
    num_left, num_excluded = sizes - (taken != _NEVER).sum(0), len(taken)
    for uniform in draws.double():
        position = (uniform * num_left).long()
        # A taken rank lies before the wanted one if no more than `position` free ranks precede it.
        free_before = taken.sort(0).values - torch.arange(len(taken), device=taken.device)[:, None]
        rank = position + (free_before <= position).sum(0)
        taken = torch.cat([taken, rank.where(num_left > 0, _NEVER)[None]])
        num_left = (num_left - 1).clamp(min=0)
    chosen = taken[num_excluded:]
    return chosen.where(chosen != _NEVER, -1)


def sum_rows(rows: Tensor, indices: Tensor) -> Tensor:
    """Sum of the rows (M, D) that each anchor's indices (K, N) name, -1 for none; shape (N, D)."""
    if not len(rows):
        return rows.new_zeros(indices.shape[1], rows.shape[1])
    return (rows[indices.clamp(min=0)] * (indices >= 0)[..., None]).sum(0)
