"""Sizes of classes, sizes and modes of images, damage."""

import io
import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ltcl.datasets.fingerprints import Fingerprint, fingerprint
from ltcl.datasets.transforms import LoadImage
from ltcl.datasets.transforms.image_files import open_image, read_file
from ltcl.datasets.whole_images import find_damaged
from ltcl.progress_bars import tracked

from .images import Labelled


def gini(counts: np.ndarray) -> float:
    """Gini coefficient of the sizes of classes: 0 for equal ones, towards 1 the more a few of them hold.

    Args:
        counts: Images of each class, shape (num_classes,).
    """
    ordered = np.sort(counts)
    size, total = len(ordered), ordered.sum()
    return float(2 * (np.arange(1, size + 1) * ordered).sum() / (size * total) - (size + 1) / size) if total else 0.0


def imbalance_factor(counts: np.ndarray) -> float | None:
    """Largest by smallest class that has images; None where none has."""
    present = counts[counts > 0]
    return float(present.max() / present.min()) if len(present) else None


def kinds_of(pictures: Sequence[str | np.ndarray]) -> tuple[Counter[str], np.ndarray]:
    """Modes of images (``RGB``, ``L``, ...) and their sizes, of files from their first bytes.

    Args:
        pictures: The files or pixels; a file that cannot be read has no mode.

    Returns:
        Images by mode; width and height of each, int64, shape (M, 2).
    """

    def look(picture: str | np.ndarray) -> tuple[str, tuple[int, int]] | None:
        if not isinstance(picture, str):
            return 'L' if picture.ndim == 2 else 'RGB', (picture.shape[1], picture.shape[0])
        try:
            with open_image(io.BytesIO(read_file(picture))) as header:
                return header.mode, header.size
        except Exception:  # Pillow's plugins raise more than their documentation says
            return None

    with ThreadPoolExecutor() as pool:
        looks = tracked(pool.map(look, pictures), 'reading headers', len(pictures))
        found = [each for each in looks if each is not None]
    sizes = np.array([size for _, size in found], np.int64).reshape(-1, 2)
    return Counter(mode for mode, _ in found), sizes


def fingerprints(images: Labelled, root: str) -> list[Fingerprint | None]:
    """Fingerprint of each image; those of files are kept on the disk.

    Args:
        images: With files or pixels.
        root: What they are kept under, such as the data root.
    """
    from ltcl.datasets.fingerprint_cache import fingerprints_of

    files = [each for each in images.pictures if isinstance(each, str)]
    of_files = iter(fingerprints_of(files, root))
    return [
        next(of_files) if isinstance(each, str) else fingerprint(as_rgb(each))
        for each in tracked(images.pictures, 'comparing images', len(images.pictures))
    ]


def as_rgb(pixels: np.ndarray) -> np.ndarray:
    """Pixels in three colours."""
    return np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels


def damages(images: Labelled, prints: Sequence[Fingerprint | None], root: str) -> dict[str, str]:
    """What is wrong with files that are empty, cut off, damaged, no images, or not of 8 or 16 bits, by their names.

    Args:
        images: With files or pixels.
        prints: Their fingerprints.
        root: What is known of the files is kept under it.
    """
    loader = LoadImage(value_range=(0, 1))  # whatever the range of values is, the file is whole
    files = {each: loader for each in images.pictures if isinstance(each, str)}
    found = find_damaged(files, root, num_workers=min(8, os.cpu_count() or 1))
    unknown = {images.name_of(i): 'values of an unknown range' for i in damaged(prints).tolist()}
    return unknown | found


def damaged(prints: Sequence[Fingerprint | None]) -> np.ndarray:
    """Places of the files that are empty, unreadable or no images, int64, shape (M,)."""
    return np.flatnonzero([each is None or not np.isfinite(each.aspect) for each in prints])


def describe_counts(images: Labelled) -> list[str]:
    """Images, imbalance factor and Gini coefficient of each part, and what the shot groups are of, in words."""
    lines = []
    for name, counts in images.counts().items():
        found = imbalance_factor(counts)
        factor = '' if found is None else f'imbalance factor {found:.4g}, '
        lines.append(
            f'{name}: {counts.sum():,} images of {np.count_nonzero(counts):,} of {len(counts):,} classes, '
            f'{factor}Gini {gini(counts):.2f}'
        )
    if images.left is not None:
        lines.append(
            f'shot groups: of the {images.left.sum():,} images that `ltcl train` trains on, '
            'once it has drawn a fifth of each class for validation'
        )
    return lines
