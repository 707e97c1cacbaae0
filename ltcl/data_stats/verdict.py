"""What follows from the images of a data set, in sentences."""

from collections.abc import Sequence

import numpy as np

from ltcl.neutral_text import shorten
from ltcl.predictions.intervals import wilson_interval

from .copies import Copies
from .images import TRAINING, UNDIVIDED, Labelled

# With 10 images an accuracy of 50 % has a 95 % interval from 24 to 76 %.
FEWEST_TESTED = 10
# Of a class that is not divided yet a fifth is drawn for validation.
FEWEST_UNDIVIDED = 5 * FEWEST_TESTED
NOTHING = 'nothing speaks against training and testing on these images'


def interval(count: int) -> tuple[float, float]:
    """Ends in percent of the 95 % interval (Wilson) of an accuracy of 50 % on so many images."""
    low, high = wilson_interval(np.array([count / 2]), np.array([count]))
    return 100 * low.item(), 100 * high.item()


def verdict(
    images: Labelled,
    broken: Sequence[str] = (),
    near: Copies | None = None,
    repeated: Sequence[tuple[int, int, int]] = (),
    doubtful: int = 0,
) -> list[str]:
    """What follows, in sentences; one that says so where nothing does.

    Args:
        images: The images.
        broken: Files of them that are damaged.
        near: Their copies; None where nobody looked for them.
        repeated: Of :func:`~.copies.many_times`.
        doubtful: Labels that the nearest neighbours contradict.
    """
    lines = []
    for name, counts in images.counts().items():
        lines += too_few(name, counts, images.classes, is_undivided=name == images.undivided)
        empty = [images.classes[i] for i in np.flatnonzero(counts == 0)]
        if empty and name in (TRAINING, UNDIVIDED):
            have = 'class has' if len(empty) == 1 else 'classes have'
            lines.append(f'{len(empty):,} {have} no training image: {shorten(empty)}')
    if near:
        lines += leaks(near, images)
    if near and near.classes:
        lines.append(
            f'{near.classes:,} pictures are in two classes: one of the labels is wrong, or the classes overlap'
        )
    if repeated:
        told = [f'{images.classes[i]} ({number:,} images, {own:,} pictures)' for i, number, own in repeated]
        are = 'class is' if len(repeated) == 1 else 'classes are'
        lines.append(f'{len(repeated):,} {are} few pictures many times: {shorten(told)}')
    if doubtful:
        lines.append(f'{doubtful:,} labels are doubtful: the nearest neighbours of the image are of another class')
    if broken:
        lines.append(f'{len(broken):,} files are damaged: {shorten(broken)}')
    return lines or [NOTHING]


def too_few(
    name: str, counts: np.ndarray, classes: Sequence[str], figure: str = 'accuracy', is_undivided: bool = False
) -> list[str]:
    """Which classes have too few images to be tested, in a sentence; nothing where none has.

    Args:
        name: Name of the part.
        counts: Its images of each class, shape (num_classes,).
        classes: Names of the classes.
        figure: What is measured.
        is_undivided: A fifth of the part is drawn for validation.
    """
    needed = FEWEST_UNDIVIDED if is_undivided else FEWEST_TESTED
    few = sorted(np.flatnonzero(counts < needed).tolist(), key=lambda i: counts[i])
    if not few or (name == TRAINING and not is_undivided):
        return []
    why = 'of which a fifth for validation is too few' if is_undivided else 'too few'
    told = [f'{classes[i]} ({counts[i]})' for i in few]
    example = _example(counts[few] // 5 if is_undivided else counts[few]) if figure == 'accuracy' else ''
    return [
        f'{len(few):,} of {len(counts):,} classes have fewer than {needed} images in {name}, {why} to tell their '
        f'{figure}{example}: {shorten(told)}'
    ]


def _example(tested: np.ndarray) -> str:
    """What the smallest of the classes that is tested would tell."""
    if not tested.any():
        return ''
    number = int(tested[tested > 0].min())
    low, high = interval(number)
    images = f'{number} images' if number > 1 else 'one image'
    return f' (50 % on {images} may be anything from {low:.0f} to {high:.0f} %)'


def leaks(near: Copies, images: Labelled) -> list[str]:
    """Which parts hold pictures of another one, a sentence each."""
    lines = []
    for (one, other), number in sorted(near.between.items()):
        total = int((images.parts == other).sum())
        lines.append(
            f'{images.names[other]} leaks: {number:,} of its pictures are in {images.names[one]} as well, of '
            f'{total:,} images'
        )
    return lines
