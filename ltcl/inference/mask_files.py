"""Masks of a segmentation as files, and the table beside them."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ltcl.errors import UserError
from ltcl.evaluation.class_mixes import Prior
from ltcl.export.predict_onnx import TABLE, FolderError, MaskFolder
from ltcl.files import PARTIAL, write_atomic

from .images import Source
from .mask_record import MaskRecord, made_by
from .overlays import LEGEND, OVERLAYS, legend, overlay, overlay_path, png_of
from .segmenter import LongTailSegmenter, Segmentation
from .tables import json_text

LEFT_IN_PART = f'.{16 * "[0-9a-f]"}{PARTIAL}'
"""Files that a killed process left, by the names that ``write_atomic`` gives them: others are not ours."""


class MasksStopped(KeyboardInterrupt):
    """Ctrl-C came before all images were segmented."""

    def __init__(self, number: int, total: int) -> None:
        super().__init__(f'the masks of {number} of {total} images are kept, and the same command goes on from there')


class Masks(MaskFolder):
    """A folder of masks and their table, which keeps the masks that a run before has made.

    Whatever stops it, a mask is whole or not there, and none of another model or other options lies among its own. The
    table has the rows of all masks that there are; a row is added when a mask is.

    Args:
        path: The folder, made if it is not there.
        given: Images and folders, as they were named.
        images: Paths of the images, those in the folders one by one.
        model: What segments them.
        prior: As in :meth:`LongTailSegmenter.predict`.
        reject: As there; above 0 there is a column of rejected pixels.
        overlays: Whether there are pictures of the classes over the images as well.

    Attributes:
        rows: Rows of the table by image, as far as they are known.
        kept: Images whose masks are there, made by this model in the same way.
        changes: What was otherwise when the masks were made that were there, in words; their images are not ``kept``.

    Raises:
        FolderError: The folder cannot be written to, or has files of these names that no prediction wrote.
    """

    def __init__(
        self,
        path: str | Path,
        given: Sequence[str],
        images: Sequence[str],
        model: LongTailSegmenter,
        prior: Prior = None,
        reject: float = 0.0,
        overlays: bool = False,
    ) -> None:
        self.model, self.with_overlays = model, overlays
        self._record = MaskRecord(path, made_by(model, prior, reject))
        self.changes = self._record.changes()
        masks = dataclasses.asdict(model.values)
        super().__init__(str(path), list(given), list(images), model.classes, masks, reject > 0)

    @property
    def left(self) -> list[str]:
        """Images whose masks are to be made."""
        return [image for image in self.names if image not in self.kept]

    def earlier(self) -> set[str]:
        """Names of the masks of an earlier prediction, by its table and its record."""
        return super().earlier() | self._record.earlier_names

    def _refuse_others(self, given: list[str]) -> None:
        if self.with_overlays and any(Path(name).parts[0] == OVERLAYS for name in self.names.values()):
            raise FolderError(f'images lie in {OVERLAYS}, the folder of --overlay: give it another name')
        super()._refuse_others(given)

    def _begin(self) -> None:
        made = self._record.rows(self.names)
        self.rows = {image: row for image, row in made.items() if self._is_overlaid(image)}
        self.kept = set(self.rows)
        for folder in {place.parent for name in self.names.values() for place in self._places(name)}:
            for left in folder.glob(LEFT_IN_PART):
                left.unlink()
        for name in (*self._record.others(), *(self.names[image] for image in self.left)):
            for place in self._places(name):
                place.unlink(missing_ok=True)
        self._record.start()
        if self.with_overlays:
            _write(Path(self.path, OVERLAYS, LEGEND), legend(self.classes, self.model.values.colours))
        self._write_table()

    def _places(self, name: str) -> tuple[Path, Path]:
        """Where a mask and its overlay lie."""
        return Path(self.path, name), overlay_path(self.path, name)

    def _is_overlaid(self, image: str) -> bool:
        return not self.with_overlays or self._places(self.names[image])[1].is_file()

    def add(self, image: str, labels: np.ndarray, confidence: np.ndarray) -> None:
        """Write the mask of an image; arguments as of the original."""
        name, content, row = self.names[image], self.png(labels), self.row(image, labels, confidence)
        with self._writing():
            if self.with_overlays:
                rgb = self.model.reader.picture(Source(image))
                _write(overlay_path(self.path, name), png_of(overlay(rgb, labels, self.model.values.colours)))
            self._record.add(image, name, content, row)
            _write(Path(self.path, name), content)
            self._add_row(row)
        self.rows[image] = row

    def skip(self, image: str) -> None:
        """Write the row of an image that could not be read."""
        super().skip(image)
        self.rows[image] = [image, *[None] * (len(self.header) - 1)]

    def fill(self, found: Iterable[Segmentation]) -> dict[str, str]:
        """Write the masks of the images that are left, one after another.

        Args:
            found: Their segmentations, in their order.

        Returns:
            Why images could not be read, by path.

        Raises:
            UserError: A file cannot be written.
            MasksStopped: Ctrl-C, which is a ``KeyboardInterrupt``.
        """
        unreadable: dict[str, str] = {}
        try:
            for image, each in zip(self.left, found, strict=True):
                if each.labels is None or each.confidence is None:
                    unreadable[image] = str(each.error)
                    self.skip(image)
                else:
                    self.add(image, each.labels, each.confidence)
            self._write_table()
        except FolderError as error:
            raise _refusal(self.path, error) from error
        except KeyboardInterrupt:
            self._write_table()
            raise MasksStopped(len(self.rows) - len(unreadable), len(self.names)) from None
        return unreadable

    def table(self, unreadable: Mapping[str, str], suffix: str) -> str:
        """The table as the text of a file.

        Args:
            unreadable: Why images could not be read, by path.
            suffix: ``'.csv'``, or ``'.json'``: a list of one dict an image, with the names as they are: ``path``,
                ``mask``, ``confidence``, ``rejected`` where the CSV has it, ``shares`` by class, and ``error``.
        """
        rows = [self.rows[image] for image in self.names]
        if suffix != '.json':
            return self.text([self.header, *rows])
        return json_text([self._entry(row, unreadable.get(row[0])) for row in rows])

    def _entry(self, row: list, error: str | None) -> dict:
        named, values = self.header[: -len(self.classes)], row[-len(self.classes) :]
        shares = None if error else dict(zip(self.classes, values, strict=True))
        return dict(zip(named, row, strict=False), shares=shares, error=error)

    def _write_table(self) -> None:
        """Write the rows that there are, in the order of the images."""
        rows = [self.rows[image] for image in self.names if image in self.rows]
        with self._writing():
            write_atomic(Path(self.path, TABLE), self.text([self.header, *rows]))


def open_masks(path: str | Path, *args: Any, **options: Any) -> Masks:
    """Open a folder for masks; arguments as of :class:`Masks`.

    Raises:
        UserError: It cannot be written to, or has files of these names that no prediction wrote.
    """
    if not Path(path).absolute().parent.is_dir():
        raise UserError(f'--out {path}: there is no folder {Path(path).absolute().parent}: make it')
    try:
        return Masks(path, *args, **options)
    except FolderError as error:
        raise _refusal(path, error) from error


def _refusal(path: str | Path, error: FolderError) -> UserError:
    return UserError(f'--out {path}: {error}')


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, content)


__all__ = ['TABLE', 'Masks', 'MasksStopped', 'open_masks']
