"""Masks of a segmentation as files, and the table beside them."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ltcl.errors import UserError
from ltcl.export.predict_onnx import mask_names, mask_picture
from ltcl.files import atomic_file
from ltcl.neutral_text import csv_text

from .mask_values import MaskValues
from .segmenter import Segmentation

TABLE = 'predictions.csv'


class MaskFolder:
    """A folder for the masks of images and a table of them, ``predictions.csv``.

    Both are written image after image, so that a run that is stopped leaves what it has computed.

    Args:
        path: The folder, made if it is not there.
        given: Paths of images and folders, as they were named.
        images: Paths of the images in them.
        values: What the masks hold.

    Raises:
        UserError: It cannot be written to, or has files of these names that no prediction wrote.
    """

    def __init__(self, path: str | Path, given: Sequence[str], images: Sequence[str], values: MaskValues) -> None:
        self.path, self.values = Path(path), values
        self.names = dict(zip(images, mask_names(list(given), list(images)), strict=True))
        """Of the mask of each image, below the folder."""
        self._refuse_others()
        try:
            self.path.mkdir(exist_ok=True)
            self._file = (self.path / TABLE).open('w', encoding='utf-8', errors='surrogateescape', newline='')
        except OSError as error:
            raise self._unwritable(error) from error

    def write(self, found: Iterable[Segmentation], classes: Sequence[str], reject: float) -> dict[str, str]:
        """Write masks and table.

        Args:
            found: Segmentations of the images, one after another.
            classes: Names of the classes.
            reject: Whether there is a column of rejected pixels: where it is above 0.

        Returns:
            Why images could not be read, by path.
        """
        unreadable: dict[str, str] = {}
        rejected = ['rejected'] if reject else []
        with self._file as table:
            columns = ['path', 'mask', 'confidence', *rejected, *(f'share_{name}' for name in classes)]
            table.write(csv_text(columns, []))
            for each in found:
                if each.error is not None:
                    unreadable[str(each.path)] = each.error
                try:
                    self._write_mask(each)
                    table.write(csv_text(self._row(each, bool(reject), len(columns)), []))
                    table.flush()
                except OSError as error:
                    raise self._unwritable(error) from error
        return unreadable

    def _write_mask(self, found: Segmentation) -> None:
        if found.mask is None:
            return
        path = self.path / self.names[str(found.path)]
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as file:
            mask_picture(found.mask, self.values.palette).save(file, 'PNG')

    def _row(self, found: Segmentation, with_rejected: bool, number: int) -> list:
        if found.confidence is None:
            return [found.path, *[None] * (number - 1)]
        shares = [round(share, 6) for share in found.shares().values()]
        rejected = [round(1 - sum(found.shares().values()), 6)] if with_rejected else []
        confidence = round(float(found.confidence.mean(dtype='float64')), 6)
        return [found.path, self.names[str(found.path)], confidence, *rejected, *shares]

    def _refuse_others(self) -> None:
        """Let nothing be overwritten but what a prediction wrote."""
        if self.path.exists() and not self.path.is_dir():
            raise UserError(f'--out {self.path} is a file: name a folder for the masks')
        if not self.path.absolute().parent.is_dir():
            raise UserError(f'--out {self.path}: there is no folder {self.path.absolute().parent}: make it')
        inputs = {os.path.realpath(image) for image in self.names}
        for name in self.names.values():
            place = self.path / name
            if os.path.realpath(place) in inputs:
                raise UserError(
                    f'the mask {place} would take the place of the image: name another folder, --out FOLDER'
                )
            if place.exists() and not (self.path / TABLE).exists():
                raise UserError(
                    f'{place} is there, and no {TABLE} beside it tells that it is a prediction: name another folder, --out FOLDER'
                )

    def _unwritable(self, error: OSError) -> UserError:
        return UserError(
            f'cannot write {error.filename or self.path} ({error.strerror or error}): name another folder with --out; what was written stands'
        )
