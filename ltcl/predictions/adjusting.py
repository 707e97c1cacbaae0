"""Post-hoc logit adjustment: multiples of the log training frequencies, and how one is chosen."""

import numpy as np

from .saved import UNKNOWN, SavedPredictions

TAUS = tuple(np.round(np.arange(-2, 3.01, 0.25), 2).tolist())


def are_counts_known(predictions: SavedPredictions) -> bool:
    """Whether the training images of all classes are known.

    Example:
        >>> kept = SavedPredictions(np.zeros((1, 2)), np.array([0]), ['a.jpg'], ['cat', 'newt'], np.array([300, -1]))
        >>> are_counts_known(kept)
        False
    """
    return bool((predictions.class_counts != UNKNOWN).all())


def are_counts_unequal(predictions: SavedPredictions) -> bool:
    """Whether some classes are known to have more training images than others, so that there is a prior to fit.

    Example:
        >>> kept = SavedPredictions(np.zeros((1, 2)), np.array([0]), ['a.jpg'], ['cat', 'newt'], np.array([300, 5]))
        >>> are_counts_unequal(kept)
        True
    """
    return are_counts_known(predictions) and len(np.unique(predictions.class_counts)) > 1


def log_shares(class_counts: np.ndarray) -> np.ndarray:
    """Log of the training frequencies, float64, shape (C,); a class without images counts as one with one image.

    Example:
        >>> np.exp(log_shares(np.array([7, 3, 0]))).round(2)
        array([0.64, 0.27, 0.09])
    """
    counts = np.maximum(class_counts, 1).astype(np.float64)
    return np.log(counts / counts.sum())


def best_of(figures: np.ndarray, changes: np.ndarray) -> int:
    """Place of the highest figure; of equals of the one that changes least.

    Args:
        figures: Shape (K,).
        changes: How much each changes, shape (K,).

    Example:
        >>> best_of(np.array([50.0, 60.0, 60.0]), changes=np.array([0.0, 1.0, 0.5]))
        2
    """
    tied = np.flatnonzero(figures >= figures.max() - 1e-12)
    return int(tied[np.argmin(changes[tied])])


def halves(labels: np.ndarray) -> np.ndarray:
    """Half of each image, 0 or 1, such that each class is parted evenly; the same at each call.

    Example:
        >>> np.bincount(halves(np.array([0] * 6 + [1] * 4))[:6])
        array([3, 3])
    """
    order = np.random.default_rng(0).permutation(len(labels))
    order = order[np.argsort(labels[order], kind='stable')]
    half: np.ndarray = np.empty(len(labels), dtype=int)
    half[order] = np.arange(len(labels)) % 2
    return half
