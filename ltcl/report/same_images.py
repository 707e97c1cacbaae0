"""Images that are the same picture, found by their answers: equal pixels have equal scores, whatever their name."""

import contextlib
from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from PIL import Image

from .class_figures import Answers
from .run_files import RunFiles

TOLERANCE = 1e-4
LOWEST = -30.0  # of a log probability; below, rounding is all that is left
LOOK_AHEAD = 4
MIN_TELLING = 4  # values of a row, without which two pictures may have equal scores by chance
MAX_DECODED = 1000
MAX_PIXELS = 60_000_000


class Copies(NamedTuple):
    """Images that are the same picture.

    Args:
        groups: Their places, those of one picture together.
        number: Images that were looked at: those whose scores can tell.
    """

    groups: Sequence[Sequence[int]]
    number: int


def same_images(run: RunFiles) -> Copies:
    """Images that are one picture; where the files are at hand their pixels are compared.

    Args:
        run: With saved predictions.
    """
    assert run.answers is not None
    pixels = _Pixels(run)
    found = alike(run.answers)
    return found._replace(groups=[group for candidates in found.groups for group in pixels.parted(candidates)])


def alike(answers: Answers) -> Copies:
    """Images with the same scores to the fourth decimal place in all classes."""
    values = np.maximum(answers.scores - answers.log_sums[:, None].astype(np.float32), np.float32(LOWEST))
    is_mute = (values > LOWEST).sum(1) < MIN_TELLING
    values[is_mute] = np.nan  # like no other
    direction = np.random.default_rng(0).standard_normal(values.shape[1]).astype(np.float32)
    keys = values @ direction
    order = np.argsort(keys, kind='stable')
    bound = TOLERANCE * np.abs(direction).sum()
    first = np.arange(len(order))  # of each image the first one in order that is the same
    for step in range(1, LOOK_AHEAD + 1):
        near = np.flatnonzero(np.abs(keys[order[step:]] - keys[order[:-step]]) <= bound)
        one, other = order[near], order[near + step]
        equal = np.array([np.abs(values[a] - values[b]).max() <= TOLERANCE for a, b in zip(one, other, strict=True)])
        for place in near[equal.astype(bool)].tolist():
            first[place + step] = min(first[place + step], first[place])
    groups: dict[int, list[int]] = {}
    for place in range(len(order)):
        first[place] = first[first[place]]
        groups.setdefault(int(first[place]), []).append(int(order[place]))
    return Copies(sorted(sorted(group) for group in groups.values() if len(group) > 1), int((~is_mute).sum()))


class _Pixels:
    """What the files of some images hold, read once each and no more than a thousand.

    Args:
        run: With saved predictions.
    """

    def __init__(self, run: RunFiles) -> None:
        self.run, self.left = run, MAX_DECODED

    def parted(self, places: Sequence[int]) -> list[list[int]]:
        """Parts of two or more images with equal pixels; all are one where no file is at hand."""
        groups: dict[bytes, list[int]] = {}
        for place in places:
            groups.setdefault(self._digest(place), []).append(place)
        return [group for group in groups.values() if len(group) > 1]

    def _digest(self, place: int) -> bytes:
        path = self.run.image_file(place)
        if path is None:
            return b''
        self.left -= 1
        # Pillow's plugins raise more than their documentation says.
        with contextlib.suppress(Exception), Image.open(path) as image:
            if self.left >= 0 and image.width * image.height <= MAX_PIXELS:
                pixels = image.convert('RGBA')
                return blake2b(repr(pixels.size).encode() + pixels.tobytes()).digest()
        with contextlib.suppress(OSError):
            return blake2b(path.read_bytes()).digest()
        return str(path).encode('utf-8', 'surrogateescape')
