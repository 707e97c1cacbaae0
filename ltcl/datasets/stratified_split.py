"""Division of one set of images into training and validation."""

import numpy as np

from ..errors import UserError


def stratified_split(
    labels: np.ndarray, val_share: float = 0.2, seed: int = 0, groups: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the same share of each class for validation, and never the last image of one.

    A class of n images gives ``val_share * n`` of them, rounded, a half up, but keeps one at least. So classes of one
    or two images may have none in validation. The draw depends on the arguments alone, not on the machine.

    With ``groups`` whole groups are drawn, the same share of those of each class; a group of several classes counts as
    one of the rarest of them. Groups with more images than the share of their class asks for are drawn last.

    Args:
        labels: Class of each image, int64 from 0, shape (N,). Their order is part of the draw: sort the images first.
        val_share: Share of each class for validation, at least 0 and less than 1.
        seed: Of the draw.
        groups: Number of the group of each image, int64, shape (N,): what belongs together stays on one side. None: no
            two images belong together.

    Returns:
        Indices for training and for validation, int64, each in ascending order.

    Raises:
        UserError: ``val_share`` is out of range.

    Example:
        >>> train, val = stratified_split(np.array([0, 0, 0, 0, 0, 0, 1, 1, 2]), val_share=0.5)
        >>> len(train), len(val)
        (5, 4)
        >>> stratified_split(np.array([0, 0, 0, 0, 1, 1]), 0.5, groups=np.array([0, 0, 1, 2, 3, 3]))[1]
        array([2, 3])
    """
    if not 0 <= val_share < 1:
        raise UserError(f'val_share must be at least 0 and less than 1, got {val_share}')
    labels = np.asarray(labels, dtype=np.int64)
    group_of = _numbered_by_first_image(np.arange(len(labels)) if groups is None else groups)
    sizes, counts = np.bincount(group_of), np.bincount(labels)
    classes = _rarest_classes(labels, group_of, counts)
    is_drawn = _draw(classes, sizes > val_share * counts[classes], val_share, seed)
    # A class all of whose images are drawn, as parts of other classes' groups, takes those groups back.
    lost = (counts > 0) & (np.bincount(labels, ~is_drawn[group_of], minlength=len(counts)) == 0)
    is_drawn[group_of[lost[labels]]] = False
    return np.flatnonzero(~is_drawn[group_of]), np.flatnonzero(is_drawn[group_of])


def _draw(classes: np.ndarray, is_large: np.ndarray, val_share: float, seed: int) -> np.ndarray:
    """Which groups are drawn, bool, shape (G,), of classes of shape (G,)."""
    # Sorted by class, at random within each.
    order = np.lexsort((np.random.default_rng(seed).random(len(classes)), is_large, classes))
    counts = np.bincount(classes)
    num_val = np.clip(np.floor(val_share * counts + 0.5).astype(np.int64), 0, np.maximum(counts - 1, 0))
    place_in_class = np.arange(len(classes)) - np.repeat(np.cumsum(counts) - counts, counts)
    is_drawn = np.zeros(len(classes), bool)
    is_drawn[order[place_in_class < np.repeat(num_val, counts)]] = True
    return is_drawn


def _numbered_by_first_image(groups: np.ndarray) -> np.ndarray:
    """The same groups, numbered from 0 in the order in which they come."""
    _, first, number = np.unique(groups, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[number]


def _rarest_classes(labels: np.ndarray, group_of: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """For each group the class in it that has the fewest images, the first of several."""
    order = np.lexsort((labels, counts[labels], group_of))
    _, first = np.unique(group_of[order], return_index=True)
    return labels[order][first]
