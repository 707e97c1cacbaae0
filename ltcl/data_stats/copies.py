"""Pictures of which there are several: in a class, in two classes, in two parts."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ltcl.datasets.fingerprints import Fingerprint
from ltcl.datasets.same_pictures import same_pictures, same_pixels

from .images import TRAINING, UNDIVIDED, Labelled

# A class is one image many times from so many images on, if so few of them are pictures of their own.
MANY_TIMES, OWN_SHARE = 4, 0.5


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


class Pictures(NamedTuple):
    """Which images are the same picture.

    Args:
        pixels: Number of each image, int64, shape (N,): the same for equal pixels.
        near: The same for pictures that are nearly the same: scaled, compressed anew or darkened as well.
    """

    pixels: np.ndarray
    near: np.ndarray


def number_pictures(prints: Sequence[Fingerprint | None]) -> Pictures:
    """Which images are the same picture, by their fingerprints."""
    return Pictures(same_pixels(prints), same_pictures(prints))


def groups_of_copies(numbers: np.ndarray) -> list[np.ndarray]:
    """Places of the images of each picture that there are several of, ascending.

    Args:
        numbers: Number of the picture of each image, int64, shape (N,).
    """
    order = np.argsort(numbers, kind='stable')
    runs = np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1)
    return sorted((run for run in runs if len(run) > 1), key=lambda run: int(run[0]))


def copies_in(numbers: np.ndarray, images: Labelled) -> Copies:
    """Where the copies of pictures are.

    Args:
        numbers: Number of the picture of each image, the same for copies, int64, shape (N,).
        images: The images.
    """
    within = classes = parts = 0
    between: Counter[tuple[int, int]] = Counter()
    for places in groups_of_copies(numbers):
        where = {(int(images.labels[i]), int(images.parts[i])) for i in places}
        found = sorted({part for _, part in where})
        within += len(where) < len(places)
        classes += len({label for label, _ in where}) > 1
        parts += len(found) > 1
        between.update((one, other) for one in found for other in found if one < other)
    return Copies(within, classes, parts, between)


def describe_copies(pictures: Pictures, images: Labelled) -> list[str]:
    """How many pictures have copies and where, in words."""
    titles = {'copies, pixel for pixel': pictures.pixels, 'copies, also scaled or compressed anew': pictures.near}
    found = {title: copies_in(numbers, images) for title, numbers in titles.items()}
    return [
        f'{title}: {each.within:,} pictures are twice in a class, {each.classes:,} in two classes, '
        f'{each.parts:,} in two parts'
        for title, each in found.items()
    ]


def own_pictures(numbers: np.ndarray, images: Labelled) -> np.ndarray:
    """Different pictures of each class among the images that are trained on, int64, shape (num_classes,).

    Args:
        numbers: Number of the picture of each image, int64, shape (N,).
        images: The images.
    """
    trained = np.array([images.names[part] in (TRAINING, UNDIVIDED) for part in images.parts], bool)
    pairs = np.unique(np.stack([images.labels[trained], numbers[trained]]), axis=1)
    return np.bincount(pairs[0], minlength=len(images.classes))


def many_times(numbers: np.ndarray, images: Labelled) -> list[tuple[int, int, int]]:
    """Classes whose training images are few pictures: label, images, pictures; the worst first."""
    own, counts = own_pictures(numbers, images), images.training
    found = [(i, int(counts[i]), int(own[i])) for i in np.flatnonzero((counts >= MANY_TIMES) & (own > 0)).tolist()]
    return sorted((each for each in found if each[2] <= OWN_SHARE * each[1]), key=lambda each: each[2] / each[1])
