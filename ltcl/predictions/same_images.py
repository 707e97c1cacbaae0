"""Whether two predictions are of the same images."""

import numpy as np

from .saved import SavedPredictions
from .score_rows import row_blocks

TOLERANCE = 1e-4
"""Scores of an image differ by less from one batch size, and one number of processes, to another."""


def are_of_same_images(one: SavedPredictions, other: SavedPredictions) -> bool:
    """Whether two predictions of one model are of the same images in the same order: by file, else by score.

    Args:
        one: Scores of shape (N, C).
        other: The same classes.

    Example:
        >>> kept = SavedPredictions(np.array([[0.5, 2.0]]), np.array([1]), np.array(['']), np.array(['cat', 'newt']),
        ...                         np.array([30, 15]))
        >>> [are_of_same_images(kept, kept._replace(scores=kept.scores + by)) for by in (1e-6, 0.1)]
        [True, False]
    """
    if not np.array_equal(one.labels, other.labels):
        return False
    if (one.paths != '').all() and np.array_equal(one.paths, other.paths):
        return True
    parts = row_blocks(one.scores.shape)
    return all(np.allclose(one.scores[part], other.scores[part], rtol=0, atol=TOLERANCE) for part in parts)
