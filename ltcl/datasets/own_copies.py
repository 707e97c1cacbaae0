"""The same picture in two classes or in two parts of a practitioner's images."""

import os
from collections.abc import Sequence

import numpy as np

from ..notices import warn
from .duplicates import SAMPLE_SIZE, find_copies
from .own_sources import Images


def warn_of_copies(splits: dict[str, Images], classes: Sequence[str], root: str, how: str = 'sample') -> None:
    """Warn of files that are equal byte for byte and contradict each other, or tell the test what was learnt.

    Args:
        splits: Images of each split.
        classes: Names of all classes.
        root: The data root, which their paths are relative to.
        how: See :func:`ltcl.datasets.duplicates.find_copies`.
    """
    # An image that is named in two splits is told where the lists are read.
    places: dict[str, tuple[str, int]] = {}
    for split, images in splits.items():
        for path, label in zip(images.paths, images.labels.tolist(), strict=True):
            places.setdefault(path, (split, label))
    paths, where = list(places), list(places.values())
    groups = find_copies([os.path.join(root, path) for path in paths], how)
    is_part = how == 'sample' and len(paths) > SAMPLE_SIZE
    scope = f' among {SAMPLE_SIZE} of {len(paths)} images (check_copies=all looks at all)' if is_part else ''
    for fault, value in (('in two classes', 1), ('in two splits', 0)):
        found = [group for group in groups if len({where[i][value] for i in group}) > 1]
        if found:
            first = found[0][0]
            other = next(i for i in found[0] if where[i][value] != where[first][value])
            pair = ' and '.join(f'{paths[i]} ({where[i][0]}, {classes[where[i][1]]})' for i in (first, other))
            warn(f'{root}: {len(found)} pictures are {fault}{scope}, file for file, such as {pair}')


def contradicting(numbers: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Which images are copies of one in another class, bool, shape (N,).

    Args:
        numbers: Number of the picture of each image, the same for copies, int64 from 0, shape (N,).
        labels: Their classes, int64, shape (N,).
    """
    pairs = np.unique(np.stack([numbers, labels]), axis=1)
    return np.bincount(pairs[0], minlength=numbers.max(initial=-1) + 1)[numbers] > 1
