"""Division of one set of images into training and validation."""

import numpy as np

from ..errors import UserError


def stratified_split(labels: np.ndarray, val_share: float = 0.2, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw the same share of each class for validation, and never the last image of one.

    A class of n images gives ``val_share * n`` of them, rounded, a half up, but keeps one at least. So classes of one
    or two images may have none in validation. The draw depends on the arguments alone, not on the machine.

    Args:
        labels: Class of each image, int64 from 0, shape (N,). Their order is part of the draw: sort the images first.
        val_share: Share of each class for validation, at least 0 and less than 1.
        seed: Of the draw.

    Returns:
        Indices for training and for validation, int64, each in ascending order.

    Raises:
        UserError: ``val_share`` is out of range.

    Example:
        >>> train, val = stratified_split(np.array([0, 0, 0, 0, 0, 0, 1, 1, 2]), val_share=0.5)
        >>> len(train), len(val)
        (5, 4)
    """
    if not 0 <= val_share < 1:
        raise UserError(f'val_share must be at least 0 and less than 1, got {val_share}')
    labels = np.asarray(labels, dtype=np.int64)
    # Sorted by class, at random within each.
    order = np.lexsort((np.random.default_rng(seed).random(len(labels)), labels))
    counts = np.bincount(labels)
    num_val = np.clip(np.floor(val_share * counts + 0.5).astype(np.int64), 0, np.maximum(counts - 1, 0))
    place_in_class = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    is_val = place_in_class < np.repeat(num_val, counts)
    return np.sort(order[~is_val]), np.sort(order[is_val])
