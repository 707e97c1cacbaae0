"""What a data set of labelled images holds: sizes of the classes, damaged files, copies, and what follows from it."""

import io
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from ltcl.datasets.fingerprints import Fingerprint
from ltcl.datasets.same_pictures import same_pictures, same_pixels
from ltcl.datasets.transforms.image_files import open_image, read_file
from ltcl.neutral_text import shorten

# With 10 images an accuracy of 50 % has a 95 % interval from 24 to 76 %.
FEWEST_TESTED = 10
TRAINING, UNDIVIDED = 'train', 'all'
# Of a class that is not divided yet a fifth is drawn for validation.
FEWEST_UNDIVIDED = 5 * FEWEST_TESTED


class Labelled(NamedTuple):
    """Images of all parts of a data set.

    Args:
        paths: Their files; empty where the images are no files.
        labels: Their classes, int64, shape (N,).
        parts: Number of the part of each, int64, shape (N,).
        names: Names of the parts.
        classes: Names of the classes.
    """

    paths: list[str]
    labels: np.ndarray
    parts: np.ndarray
    names: list[str]
    classes: list[str]

    def counts(self) -> dict[str, np.ndarray]:
        """Images of each class, int64, shape (num_classes,), by part."""
        size = len(self.classes)
        return {name: np.bincount(self.labels[self.parts == i], minlength=size) for i, name in enumerate(self.names)}


class Copies(NamedTuple):
    """Pictures of which there are several, by where their copies are.

    Args:
        within: Pictures that are twice in one class of one part.
        classes: Pictures that are in two classes.
        parts: Pictures that are in two parts.
        between: Pictures in two parts, by the numbers of both.
    """

    within: int
    classes: int
    parts: int
    between: Counter[tuple[int, int]]


def gini(counts: np.ndarray) -> float:
    """Gini coefficient of the sizes of classes: 0 for equal ones, towards 1 the more a few of them hold.

    Args:
        counts: Images of each class, shape (num_classes,).
    """
    ordered = np.sort(counts)
    size, total = len(ordered), ordered.sum()
    return float(2 * (np.arange(1, size + 1) * ordered).sum() / (size * total) - (size + 1) / size) if total else 0.0


def copies_in(numbers: np.ndarray, images: Labelled) -> Copies:
    """Where the copies of pictures are.

    Args:
        numbers: Number of the picture of each image, the same for copies, int64, shape (N,).
        images: The images.
    """
    members: dict[int, list[int]] = {}
    for place, number in enumerate(numbers.tolist()):
        members.setdefault(number, []).append(place)
    within = classes = parts = 0
    between: Counter[tuple[int, int]] = Counter()
    for places in members.values():
        if len(places) > 1:
            where = {(int(images.labels[i]), int(images.parts[i])) for i in places}
            found = sorted({part for _, part in where})
            within += len(where) < len(places)
            classes += len({label for label, _ in where}) > 1
            parts += len(found) > 1
            between.update((one, other) for one in found for other in found if one < other)
    return Copies(within, classes, parts, between)


def kinds_of(paths: Sequence[str]) -> tuple[Counter[str], np.ndarray]:
    """Modes of image files (``RGB``, ``L``, ...) and their sizes, from their first bytes.

    Args:
        paths: The files; one that cannot be read has no mode.

    Returns:
        Files by mode; width and height of each, int64, shape (M, 2).
    """

    def look(path: str) -> tuple[str, tuple[int, int]] | None:
        try:
            with open_image(io.BytesIO(read_file(path))) as header:
                return header.mode, header.size
        except Exception:  # Pillow's plugins raise more than their documentation says
            return None

    with ThreadPoolExecutor() as pool:
        found = [each for each in pool.map(look, paths) if each is not None]
    sizes = np.array([size for _, size in found], np.int64).reshape(-1, 2)
    return Counter(mode for mode, _ in found), sizes


def damaged(paths: Sequence[str], prints: Sequence[Fingerprint | None]) -> list[str]:
    """Files that are empty, unreadable or no images."""
    return [path for path, each in zip(paths, prints, strict=True) if each is None or not np.isfinite(each.aspect)]


def describe_counts(images: Labelled) -> list[str]:
    """Images, imbalance factor and Gini coefficient of each part, in words."""
    lines = []
    for name, counts in images.counts().items():
        present = counts[counts > 0]
        factor = f'imbalance factor {present.max() / present.min():.4g}, ' if len(present) else ''
        lines.append(
            f'{name}: {counts.sum():,} images of {len(present):,} of {len(counts):,} classes, '
            f'{factor}Gini {gini(counts):.2f}'
        )
    return lines


def describe_copies(prints: Sequence[Fingerprint | None], images: Labelled) -> tuple[list[str], Copies]:
    """How many pictures have copies and where, in words; and those that are the same or nearly.

    Args:
        prints: Fingerprint of each image.
        images: The images.
    """
    exact, near = copies_in(same_pixels(prints), images), copies_in(same_pictures(prints), images)
    lines = [
        f'{title}: {found.within:,} pictures are twice in a class, {found.classes:,} in two classes, '
        f'{found.parts:,} in two parts'
        for title, found in (('copies, pixel for pixel', exact), ('copies, also scaled or compressed anew', near))
    ]
    return lines, near


def verdict(images: Labelled, broken: Sequence[str], near: Copies | None) -> list[str]:
    """What follows, in sentences; one that says so where nothing does.

    Args:
        images: The images.
        broken: Files of them that are damaged.
        near: Their copies; None where they are no files.
    """
    lines = []
    for name, counts in images.counts().items():
        needed = FEWEST_UNDIVIDED if name == UNDIVIDED else FEWEST_TESTED
        few = [images.classes[i] for i in np.flatnonzero(counts < needed)]
        if few and name != TRAINING:
            why = 'of which a fifth for validation is too few' if name == UNDIVIDED else 'too few'
            lines.append(
                f'{len(few):,} of {len(counts):,} classes have fewer than {needed} images in {name}, {why} to tell '
                f'their accuracy: {shorten(few)}'
            )
        empty = [images.classes[i] for i in np.flatnonzero(counts == 0)]
        if empty and name in (TRAINING, UNDIVIDED):
            lines.append(f'{len(empty):,} classes have no training image: {shorten(empty)}')
    for (one, other), number in sorted(near.between.items()) if near else ():
        lines.append(f'{images.names[other]} leaks: {number:,} of its pictures are in {images.names[one]} as well')
    if near and near.classes:
        lines.append(
            f'{near.classes:,} pictures are in two classes: one of the labels is wrong, or the classes overlap'
        )
    if broken:
        lines.append(f'{len(broken):,} files are damaged: {shorten(broken)}')
    return lines or ['nothing speaks against training and testing on these images']
