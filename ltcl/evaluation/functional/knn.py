"""Classification by the nearest training images."""

import torch
import torch.nn.functional as F
from torch import Tensor

TILE = 2**22
"""Similarities, and numbers of the bank, that exist at a time."""


def knn_scores(
    queries: Tensor,
    bank: Tensor,
    bank_labels: Tensor,
    num_classes: int,
    k: int = 20,
    temperature: float = 0.07,
    class_sizes: Tensor | None = None,
) -> Tensor:
    """Weighted vote of the k nearest bank rows by cosine similarity, as in `Wu et al. <https://arxiv.org/abs/1805.01978>`_.

    A neighbour with similarity s votes ``exp(s / temperature)`` for its class; scores are given relative to the nearest
    neighbour's vote, which changes no ranking and cannot overflow.

    Args:
        queries: Features, shape (N, C), of any length.
        bank: Features to compare with, shape (M, C).
        bank_labels: Class of each bank row, int64, shape (M,).
        num_classes: Number of classes.
        k: Neighbours that vote, 1..M.
        temperature: Divides the similarities.
        class_sizes: Divides the votes of each class, shape (num_classes,), so that a class gains nothing from being
            frequent; classes of size 0 get no votes.

    Returns:
        Scores, shape (N, num_classes).

    Example:
        >>> import torch
        >>> bank = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        >>> knn_scores(torch.tensor([[2.0, 0.0]]), bank, torch.tensor([0, 0, 1]), num_classes=2, k=2)
        tensor([[2., 0.]])
    """
    similarities, neighbours = nearest_rows(queries, bank, k)
    votes = ((similarities - similarities[:, :1]) / temperature).exp()
    scores = votes.new_zeros(len(queries), num_classes).scatter_add_(1, bank_labels[neighbours], votes)
    return scores if class_sizes is None else scores / class_sizes.clamp_min(1)


def nearest_rows(queries: Tensor, bank: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Cosine similarities of the k nearest bank rows, descending, and their places; the bank is visited part by part.

    Args:
        queries: Features, shape (N, C), of any length.
        bank: Features to compare with, shape (M, C).
        k: Neighbours, 1..M.

    Returns:
        Similarities and places, int64, of shape (N, k).
    """
    queries = F.normalize(queries, dim=1)
    best, places = (
        queries.new_empty(len(queries), 0),
        torch.empty(len(queries), 0, dtype=torch.int64, device=bank.device),
    )
    size = max(1, TILE // max(queries.shape))
    for start in range(0, len(bank), size):
        part = queries @ F.normalize(bank[start : start + size], dim=1).T
        values, found = part.topk(min(k, part.shape[1]), dim=1)
        best, kept = torch.cat([best, values], 1).topk(min(k, best.shape[1] + values.shape[1]), dim=1)
        places = torch.cat([places, found + start], 1).gather(1, kept)
    return best, places
