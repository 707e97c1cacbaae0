"""Classification by the nearest training images."""

import torch.nn.functional as F
from torch import Tensor


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
    similarities, neighbours = (F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T).topk(k, dim=1)
    votes = ((similarities - similarities[:, :1]) / temperature).exp()
    scores = votes.new_zeros(len(queries), num_classes).scatter_add_(1, bank_labels[neighbours], votes)
    return scores if class_sizes is None else scores / class_sizes.clamp_min(1)
