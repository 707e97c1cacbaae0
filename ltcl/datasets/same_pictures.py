"""Which pictures are the same, pixel for pixel or nearly: found by their fingerprints, a hundred thousand at a time."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ..progress_bars import tracked
from .fingerprints import Fingerprint

# Two thumbnails of zero mean in each colour and unit variance are nearly the same if they differ by so much at most: on
# the average (root mean square), in each value, and in the logarithm of the aspect ratio.
MEAN_BOUND, VALUE_BOUND, ASPECT_BOUND = 0.1, 0.5, 0.05
MIN_CONTRAST = 1.0  # standard deviation of a thumbnail, in grey levels, below which there is nothing to compare
NEIGHBOURS = 32
DIMENSIONS = 16
ROWS, BLOCK = 256, 16384

Pairs = tuple[np.ndarray, np.ndarray]


def same_pixels(prints: Sequence[Fingerprint | None]) -> np.ndarray:
    """Number of each picture, int64, shape (N,): the same for equal pixels. None is like no other."""
    numbers: dict[object, int] = {}
    keys = (i if each is None else each.digest for i, each in enumerate(prints))
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64)


def same_pictures(prints: Sequence[Fingerprint | None]) -> np.ndarray:
    """Number of the group of each picture, int64, shape (N,): copies, and copies of copies, share theirs.

    A copy has the same pixels, or was scaled, compressed anew or darkened. A crop, a turn and a mirror image are other
    pictures.

    Args:
        prints: Fingerprints; None is like no other.
    """
    numbers = same_pixels(prints)
    _, first = np.unique(numbers, return_index=True)
    comparable = [i for i in first if prints[i] is not None and np.isfinite(prints[i].aspect)]
    if not comparable:
        return numbers
    thumbs = np.stack([prints[i].thumb for i in comparable])
    one, other = near_pairs(thumbs, np.array([prints[i].aspect for i in comparable]))
    places = np.array(comparable)
    return joined(numbers, numbers[places[one]], numbers[places[other]])


def joined(numbers: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Groups of images after some groups were joined, numbered from 0.

    Args:
        numbers: Group of each image, int64 from 0, shape (N,).
        one: Groups, each of which is the same as its fellow in ``other``.
        other: As ``one``.
    """
    size = numbers.max(initial=-1) + 1
    return connected_components(coo_array((np.ones(len(one)), (one, other)), (size, size)), directed=False)[1][numbers]


def near_pairs(thumbs: np.ndarray, aspects: np.ndarray) -> Pairs:
    """Pairs of pictures that are nearly the same.

    Thumbnails are compared after the mean of each colour and their variance were taken out. They are sorted by their
    main component, so that each is compared with few others, in 16 components first. Of a picture with more than 32
    candidates the nearest 32 are compared; copies of copies bring the others into the group. 100,000 pictures take 20
    seconds.

    The bounds were chosen on the 6,810 different pictures of the Debian package openclipart-png and on the 60,000
    training images of Fashion-MNIST. Of clip art they find 93 % of the copies of JPEG quality 50 and 91 % of those of
    half the size, of Fashion-MNIST 97 % and, from 14x14 pixels, 1 %. Of the 58 pairs of clip art outside of the series
    ``shapes/stars`` 8 are lines and dots of different thickness, the others versions of a drawing. 1 % of Fashion-MNIST
    is in pairs, garments in two shades, and 2 of the 437 pairs have two labels. With bounds of 0.15 and 1, 12 % of
    Fashion-MNIST are in pairs, 2 % of which have two labels, and icons of different folders are one picture.

    Args:
        thumbs: uint8, shape (N, side, side, 3).
        aspects: Logarithms of width over height, shape (N,).

    Returns:
        Indices of the first and of the second picture of each pair, int64.
    """
    values = thumbs.astype(np.float32)
    values -= values.mean(axis=(1, 2), keepdims=True)  # of each colour: most of a picture on pink is pink
    values = values.reshape(len(values), -1)
    contrast = np.sqrt(np.square(values).mean(axis=1, keepdims=True))
    kept = np.flatnonzero(contrast[:, 0] >= MIN_CONTRAST)
    values, aspects = values[kept] / contrast[kept], aspects[kept]
    found = [np.empty((2, 0), np.int64)]
    for pairs in _candidates(values):
        found.append(np.stack(pairs)[:, _are_near(values, aspects, *pairs)])
    one, other = kept[np.concatenate(found, axis=1)]
    return one, other


def _candidates(values: np.ndarray) -> Iterator[Pairs]:
    """Blocks of pairs that may be near: close in the main components, whose distances never exceed the true ones."""
    if not len(values):
        return
    points = _main_components(values)
    order = np.argsort(points[:, -1], kind='stable')
    points = points[order]
    squares = np.square(points).sum(axis=1)
    bound = MEAN_BOUND * np.sqrt(values.shape[1])
    ends = np.searchsorted(points[:, -1], points[:, -1] + bound, side='right')
    starts = range(0, len(points), ROWS)
    for start in tracked(starts, 'comparing pictures', unit='blocks'):
        rows, columns = slice(start, start + ROWS), slice(start, ends[start : start + ROWS].max())
        distances = squares[rows, None] + squares[columns] - 2 * points[rows] @ points[columns].T
        distances[np.tril_indices(len(distances), m=distances.shape[1])] = np.inf  # each pair once
        # Much faster than nonzero() of two dimensions.
        one, other = np.divmod(np.flatnonzero(_nearest(distances, 1.001 * bound**2)), distances.shape[1])
        yield order[start + one], order[start + other]


def _main_components(values: np.ndarray) -> np.ndarray:
    """Coordinates of each row in the directions in which the rows differ most, the main one last."""
    if len(values) >= values.shape[1]:
        return values @ np.linalg.eigh(values.T @ values)[1][:, -DIMENSIONS:]
    # Of few rows the products with each other tell the same in a smaller matrix, and roots ask for more digits.
    lengths, directions = np.linalg.eigh(values.astype(np.float64) @ values.T)
    return directions[:, -DIMENSIONS:] * np.sqrt(lengths[-DIMENSIONS:].clip(min=0))


def _nearest(distances: np.ndarray, bound: float) -> np.ndarray:
    """Which distances of each row are within the bound, 32 at most: the shortest ones."""
    near = distances <= bound
    crowded = np.flatnonzero(near.sum(axis=1) > NEIGHBOURS)
    if len(crowded):
        shortest = np.argpartition(distances[crowded], NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        near[crowded] = False
        near[crowded[:, None], shortest] = True
    return near


def _are_near(values: np.ndarray, aspects: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    near = np.abs(aspects[one] - aspects[other]) <= ASPECT_BOUND
    for start in range(0, len(one), BLOCK):
        block = slice(start, start + BLOCK)
        difference = np.abs(values[one[block]] - values[other[block]])
        near[block] &= np.square(difference).mean(axis=1) <= MEAN_BOUND**2
        near[block] &= difference.max(axis=1) <= VALUE_BOUND
    return near
