"""Masks of a segmentation as files, and the table beside them."""

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path

from ltcl.errors import UserError
from ltcl.export.predict_onnx import TABLE, FolderError, MaskFolder

from .segmenter import LongTailSegmenter, Segmentation


def write_masks(
    path: str | Path,
    given: Sequence[str],
    images: Sequence[str],
    found: Iterable[Segmentation],
    model: LongTailSegmenter,
    reject: float = 0.0,
) -> dict[str, str]:
    """Write a mask of each image and ``predictions.csv``, one after another: a run that is stopped leaves what it has.

    Args:
        path: The folder, made if it is not there.
        given: Images and folders, as they were named.
        images: Paths of the images, those in the folders one by one.
        found: Their segmentations, in this order.
        model: What they come from.
        reject: Whether there is a column of rejected pixels: where it is above 0.

    Returns:
        Why images could not be read, by path.

    Raises:
        UserError: The folder cannot be written to, or has files of these names that no prediction wrote.
    """
    if not Path(path).absolute().parent.is_dir():
        raise UserError(f'--out {path}: there is no folder {Path(path).absolute().parent}: make it')
    unreadable: dict[str, str] = {}
    masks = dataclasses.asdict(model.values)
    try:
        folder = MaskFolder(str(path), list(given), list(images), model.classes, masks, reject > 0)
        for image, each in zip(images, found, strict=True):
            if each.labels is None or each.confidence is None:
                unreadable[image] = str(each.error)
                folder.skip(image)
            else:
                folder.add(image, each.labels, each.confidence)
    except FolderError as error:
        raise UserError(f'--out {path}: {error}') from error
    return unreadable


__all__ = ['TABLE', 'write_masks']
