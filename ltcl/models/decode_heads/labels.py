"""Which pixels are void, and label maps of another size."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor


def mark_void(labels: Tensor, num_classes: int, ignore_index: int | None, void: int | None = None) -> Tensor:
    """Give all void pixels one label.

    Args:
        labels: Label maps, int64, any shape.
        num_classes: Labels outside 0..num_classes-1 are void.
        ignore_index: Void as well, even if it is the index of a class.
        void: Label of a void pixel afterwards; None for ``num_classes``.

    Returns:
        int64 labels of the same shape.
    """
    is_void = (labels < 0) | (labels >= num_classes)
    if ignore_index is not None:
        is_void |= labels == ignore_index
    return labels.masked_fill(is_void, num_classes if void is None else void)


def shrink_labels(labels: Tensor, size: Sequence[int]) -> Tensor:
    """Nearest label of each position of a smaller map, as published: by interpolating a float copy.

    Args:
        labels: Label maps, shape (B, 1, H, W).
        size: Height and width of the result.

    Returns:
        int64 labels, shape (B, 1, height, width).
    """
    return F.interpolate(labels.float(), size=size, mode='nearest').long()
