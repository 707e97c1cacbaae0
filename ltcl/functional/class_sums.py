"""Sums over the rows of each class: they take the place of a mask of positives."""

import torch
from torch import Tensor

from .tiles import row_ranges

DOUBLE_SHARE = 2
"""A float64 copy of rows takes so many times as much as they."""


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
        numbers.index_add_(0, bins, rows.new_ones(len(rows)))
        for here in row_ranges(len(rows), DOUBLE_SHARE * rows.shape[1], rows.device):
            sums.index_add_(0, bins[here], rows[here].double())
    return sums[:-1], numbers[:-1]


def own_class_sums(labels: Tensor, num_classes: int, *groups: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Sum and number of the rows of each anchor's class. Classes without an anchor take no memory.

    Args:
        labels: Class of each anchor, int64, shape (N,).
        num_classes: Number of classes.
        *groups: As for :func:`class_sums`.

    Returns:
        Sums (N, D) in float64, and numbers (N,) in the rows' type.
    """
    places = torch.arange(len(labels), device=labels.device)
    # The last anchor of each class stands for it, and -1 for a class without any; the entry at the end is that of -1.
    place_of_class = labels.new_full((num_classes + 1,), -1).scatter_reduce_(0, labels, places, 'amax')
    sums, numbers = class_sums(len(labels), *((rows, place_of_class[classes]) for rows, classes in groups))
    return sums[place_of_class[labels]], numbers[place_of_class[labels]]
