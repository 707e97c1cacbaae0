"""The file of class counts of a segmentation data set: counting, writing, reading. Imports no torch."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ltcl.errors import UserError
from ltcl.files import write_atomic

STATS_TOOL = 'ltcl seg-stats'
# Tables published with the original code: sum, first three and last two entries, after label reduction.
PUBLISHED = {
    'ADE20K': dict(
        image=(165120, (11588, 6042, 8240), (773, 421)),
        pixel=(4354607494, (737138625, 503599787, 414602893), (1056209, 890841)),
    ),
    'Cityscapes': dict(
        image=(34723, (2934, 2811, 2934), (513, 1646)),
        pixel=(5523279889, (2036416525, 336090793, 1260636120), (5449152, 22861233)),
    ),
    'COCO-Stuff10k': dict(image=(59217, (4999, 234, 943), (740, 278))),
    'COCO-Stuff164k': dict(image=(965042, (63965, 3241, 12238), (14209, 5053))),
}


@dataclass(frozen=True)
class SegClassCounts:
    """Frequency of each class.

    Args:
        classes: Names of the classes.
        num_images: Images that were counted.
        image: Images that show each class.
        pixel: Pixels of each class.
    """

    classes: list[str]
    num_images: int
    image: list[int]
    pixel: list[int]


def count_pixels(label_map: np.ndarray, num_classes: int, ignore_index: int | None = 255) -> np.ndarray:
    """Pixels of each class in one label map.

    Args:
        label_map: Labels after label reduction, unsigned or at least 0, any shape.
        num_classes: Number of classes.
        ignore_index: Label of void pixels, which are not counted.

    Returns:
        int64 array of shape (num_classes,).

    Raises:
        UserError: A label is neither a class nor void.
    """
    counts = np.bincount(label_map.ravel(), minlength=num_classes)
    if ignore_index is not None and ignore_index < len(counts):
        counts[ignore_index] = 0
    if counts[num_classes:].any():
        label = num_classes + np.flatnonzero(counts[num_classes:])[-1]
        raise UserError(f'label {label} is none of the {num_classes} classes')
    return counts[:num_classes]


def sum_up(pixel_counts: Iterable[np.ndarray], classes: Sequence[str]) -> SegClassCounts:
    """Statistics from the results of :func:`count_pixels` for each image."""
    image = np.zeros(len(classes), dtype=np.int64)
    pixel = np.zeros(len(classes), dtype=np.int64)
    num_images = 0
    for counts in pixel_counts:
        num_images += 1
        image += counts > 0
        pixel += counts
    return SegClassCounts(list(classes), num_images, image.tolist(), pixel.tolist())


def summary(counts: Sequence[int]) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """Sum, first three and last two entries of a table, by which it is told from others."""
    return sum(counts), tuple(counts[:3]), tuple(counts[-2:])


def published_name(counts: Sequence[int], count_key: str) -> str | None:
    """Data set whose published table has the same :func:`summary`, None for none.

    Args:
        counts: A table.
        count_key: ``'image'`` or ``'pixel'``.
    """
    return next((name for name, tables in PUBLISHED.items() if tables.get(count_key) == summary(counts)), None)


def save_class_counts(path: Path, counts: SegClassCounts, **remarks: Any) -> None:
    """Write the file that :func:`load_class_counts` reads.

    Args:
        path: The ``.json`` file; its folder is made if it is missing.
        counts: What to write.
        **remarks: Further entries of the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, json.dumps({**asdict(counts), **remarks}, indent=1) + '\n')


def load_class_counts(path: str, count_key: str) -> list[int]:
    """Counts per class from a file of ``ltcl seg-stats``.

    Args:
        path: The JSON file.
        count_key: ``'image'`` (images that show the class) or ``'pixel'``.

    Raises:
        UserError: No such file, or no such entry in it.
    """
    if not Path(path).is_file():
        raise UserError(f'class_counts: there is no file {path}; write it with `{STATS_TOOL} CONFIG --out {path}`')
    try:
        return list(json.loads(Path(path).read_text())[count_key])
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f'class_counts: {path} has no list {count_key!r}; write the file with {STATS_TOOL} and set count_key to '
            "'image' or 'pixel'"
        ) from error
