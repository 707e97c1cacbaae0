"""Which masks of a folder a model made of which image, so that a run that was stopped goes on."""

import contextlib
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ltcl.datasets.folder_cache import file_keys
from ltcl.evaluation.class_mixes import Prior
from ltcl.files import CHUNK, write_atomic
from ltcl.version import __version__

from .segmenter import LongTailSegmenter

RECORD = '.predictions.jsonl'


class Made(NamedTuple):
    """A mask that was made.

    Args:
        image: Stands for the file of its image as it was then.
        check: Check sum of the mask's file.
        row: Its row of the table.
    """

    image: str | None
    check: int
    row: list


class MaskRecord:
    """The record of a folder, written mask by mask.

    A mask counts as made if the record names it for the image as it is now, and its file is what was written: one that
    a killed process left in part is none.

    Args:
        folder: The folder, which may not be there yet.
        made_by: What the masks depend on beside the images, see :func:`made_by`. Those of another record are none.
    """

    def __init__(self, folder: str | Path, made_by: Mapping[str, object]) -> None:
        self.folder, self.made_by = Path(folder), dict(made_by)
        self.earlier: dict[str, object] = {}
        """What the masks that are there depend on; empty where there is no record."""
        self.earlier_names: set[str] = set()
        """Names of the masks that are there, whatever they depend on."""
        self._made: dict[str, Made] = {}
        self._others: dict[str, Made] = {}
        try:
            first, *lines = self._path.read_text(encoding='utf-8').splitlines()
            self.earlier = dict(json.loads(first))
        except (OSError, ValueError):
            return
        found = {name: made for line in lines for name, made in _read(line)}
        self.earlier_names = set(found)
        if self.earlier == self.made_by:
            self._made = found
        else:
            self._others = found

    @property
    def _path(self) -> Path:
        return self.folder / RECORD

    def changes(self) -> list[str]:
        """What the masks that are there depend on and was otherwise, in words."""
        return [name for name, value in self.made_by.items() if self.earlier and self.earlier.get(name) != value]

    def rows(self, names: Mapping[str, str]) -> dict[str, list]:
        """Rows of the masks that are made, by image.

        Args:
            names: Names of the masks, by image.
        """
        keys = dict(zip(names, _keys(names), strict=True))
        found = {image: made for image, name in names.items() if (made := self._made.get(name)) is not None}
        return {
            image: [image, *made.row[1:]]
            for image, made in found.items()
            if made.image == keys[image] and _check_of(self.folder / names[image]) == made.check
        }

    def others(self) -> list[str]:
        """Names of the masks that were made otherwise, those that somebody has changed since left out."""
        return [name for name, made in self._others.items() if _check_of(self.folder / name) == made.check]

    def start(self) -> None:
        """Write what is known, without what a killed process left in part."""
        lines = [_line(self.made_by), *(_line([name, *made]) for name, made in self._made.items())]
        write_atomic(self._path, ''.join(lines))

    def add(self, image: str, name: str, content: bytes, row: list) -> None:
        """Name a mask that is about to be written."""
        with self._path.open('a', encoding='utf-8') as file:
            file.write(_line([name, *Made(_keys([image])[0], zlib.crc32(content), row)]))


def made_by(model: LongTailSegmenter, prior: Prior, reject: float) -> dict[str, object]:
    """What masks depend on beside the images, by what a person calls it.

    Args:
        model: The model; its checkpoint counts by its content, wherever it lies.
        prior: As in :meth:`LongTailSegmenter.predict`.
        reject: As there.
    """
    shift = model.shift(prior)
    config = json.dumps(model.run.config.to_dict(), default=str, sort_keys=True)
    return {
        'checkpoint': _digest_of(model.run.path),
        '--config': hashlib.sha256(config.encode('utf-8', 'surrogateescape')).hexdigest(),
        '--prior': None if shift is None else shift.tolist(),
        '--reject': reject,
        'version of ltcl': __version__,
    }


def _digest_of(path: Path) -> str:
    found = hashlib.sha256()
    with path.open('rb') as file:
        while piece := file.read(CHUNK):
            found.update(piece)
    return found.hexdigest()


def _keys(images: Iterable[str]) -> list[str | None]:
    return [key.hex() if key else None for key in file_keys(images)]


def _check_of(path: Path) -> int | None:
    try:
        return zlib.crc32(path.read_bytes())
    except OSError:
        return None


def _read(line: str) -> Iterator[tuple[str, Made]]:
    """Name and entry of a line; nothing of the last one of a process that was killed."""
    with contextlib.suppress(ValueError, TypeError):
        name, *rest = json.loads(line)
        yield name, Made(*rest)


def _line(entry: object) -> str:
    return json.dumps(entry) + '\n'
