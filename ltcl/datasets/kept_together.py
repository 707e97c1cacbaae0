"""Images that must lie on one side of a division: copies of one picture, and images of one origin."""

import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .checked_sample import indices_to_check
from .duplicates import SAMPLE_SIZE
from .fingerprint_cache import fingerprints_of
from .one_look import looked_once
from .origins import origins
from .same_pictures import joined, same_pictures, same_pixels


class PictureNumbers(NamedTuple):
    """Numbers of images, int64, shape (N,), the same for those with equal pixels, and for those of one picture."""

    pixels: np.ndarray
    pictures: np.ndarray


@looked_once
def picture_numbers(paths: Sequence[str], root: str | os.PathLike, how: str = 'sample') -> PictureNumbers:
    """Which images are copies of each other.

    Args:
        paths: Of the images, below the root.
        root: The data root.
        how: Among which copies are looked for, see :func:`ltcl.datasets.duplicates.find_copies`.
    """
    chosen = indices_to_check(len(paths), how, SAMPLE_SIZE)
    found = dict(zip(chosen, fingerprints_of([os.path.join(root, paths[i]) for i in chosen], root), strict=True))
    prints = [found.get(i) for i in range(len(paths))]
    return PictureNumbers(same_pixels(prints), same_pictures(prints))


def kept_together(
    pictures: np.ndarray, paths: Sequence[str], root: str | os.PathLike, groups: str | None = None
) -> np.ndarray:
    """Number of the group of each image, int64, shape (N,): copies and images of one origin share theirs.

    Args:
        pictures: Of :func:`picture_numbers`.
        paths: Of the images, below the root.
        root: The data root.
        groups: What tells the origin, see :func:`ltcl.datasets.origins.origins`.

    Raises:
        UserError: ``groups`` is not as it should be.
    """
    if groups is None:
        return pictures
    by_origin = pictures.max(initial=-1) + 1 + origins(paths, groups, root)
    return joined(np.concatenate([pictures, by_origin]), pictures, by_origin)[: len(paths)]
