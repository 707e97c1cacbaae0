"""Small folders of images and masks, laid out and labelled as people have them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 24


def labels_of(number: int, num_classes: int = 3) -> np.ndarray:
    """A label map whose rarest class is in every third one, uint8, shape (SIDE, SIDE)."""
    labels = np.zeros((SIDE, SIDE), np.uint8)
    labels[:8, : 6 + number % 5] = 1
    if number % 3 == 0:
        labels[10:14, 10:14] = num_classes - 1
    return labels


def write_scene(root: Path, number: int, image: str, mask: str, change: Callable[[np.ndarray], object]) -> None:
    """An image that no other one looks like, and its mask as an array or a picture."""
    for path in (root / image, root / mask):
        path.parent.mkdir(parents=True, exist_ok=True)
    labels = labels_of(number)
    noise = np.random.default_rng(number).integers(80, size=(SIDE, SIDE, 3))
    Image.fromarray((noise + 60 * labels[..., None]).astype(np.uint8)).save(root / image)
    written = change(labels)
    (written if isinstance(written, Image.Image) else Image.fromarray(written)).save(root / mask)


def write_scenes(
    root: Path,
    number: int = 6,
    image: str = 'images/{}.png',
    mask: str = 'masks/{}.png',
    change: Callable[[np.ndarray], object] = lambda labels: labels,
    start: int = 0,
) -> Path:
    """Images and masks of three classes.

    Args:
        root: Folder to write to.
        number: How many.
        image: Where an image lies, ``{}`` for its number.
        mask: Where its mask lies.
        change: Makes what is written of labels 0, 1 and 2.
        start: First number.
    """
    for i in range(start, start + number):
        write_scene(root, i, image.format(i), mask.format(i), change)
    return root


def touch(root: Path, names: Sequence[str]) -> Path:
    """Files of these names, whose content nobody looks at."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b'x')
    return root
