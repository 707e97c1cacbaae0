"""Sums over the rows of each class: they take the place of a mask of positives."""

import torch
from torch import Tensor


def class_sums(rows: Tensor, labels: Tensor, num_classes: int, copies: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Sum and number of the rows of each class; rows of label -1 count nowhere.

    Args:
        rows: Shape (M, D).
        labels: Class of each row, int64, shape (M,).
        num_classes: Number of classes.
        copies: How often each row counts, shape (M,). None counts each once.

    Returns:
        Sums (num_classes, D) in float64, and numbers (num_classes,) in the rows' type.
    """
    # The last bin takes label -1.
    bins = labels.where(labels >= 0, num_classes)
    if copies is None:
        copies = rows.new_ones(len(rows))
    else:
        rows = rows * copies[:, None]
    # In float64: thousands of nearly equal rows of one class, added up one by one, lose four digits in float32.
    sums = rows.new_zeros(num_classes + 1, rows.shape[1], dtype=torch.float64).index_add(0, bins, rows.double())
    return sums[:-1], rows.new_zeros(num_classes + 1).index_add(0, bins, copies)[:-1]
