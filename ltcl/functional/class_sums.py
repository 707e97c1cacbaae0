"""Sums over the rows of each class: they take the place of a mask of positives."""

import torch
from torch import Tensor


def class_sums(num_classes: int, *groups: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Sum and number of the rows of each class; rows of label -1 count nowhere.

    Args:
        num_classes: Number of classes.
        *groups: Rows (M, D) and the class of each, int64, shape (M,).

    Returns:
        Sums (num_classes, D) in float64, and numbers (num_classes,) in the rows' type.
    """
    like = groups[0][0]
    # The last bin takes label -1. In float64: thousands of nearly equal rows, added up one by one, lose four digits in
    # float32.
    sums = like.new_zeros(num_classes + 1, like.shape[1], dtype=torch.float64)
    numbers = like.new_zeros(num_classes + 1)
    for rows, labels in (group for group in groups if len(group[0])):
        bins = labels.where(labels >= 0, num_classes)
        sums.index_add_(0, bins, rows.double())
        numbers.index_add_(0, bins, rows.new_ones(len(rows)))
    return sums[:-1], numbers[:-1]
