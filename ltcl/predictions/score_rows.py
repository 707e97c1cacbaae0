"""Scores of a test on the disk: those of 50,000 images and 8,142 classes are 1.5 GiB, which no process need hold."""

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ltcl.files import PARTIAL

BLOCK = 2**20
"""Scores that are looked at together."""
LARGE = 2**26
"""Bytes of scores in an .npz file from which on they are read through the disk."""


def row_blocks(shape: Sequence[int]) -> Iterator[slice]:
    """Parts of the rows of an array, each of about :data:`BLOCK` numbers; none of an array without rows.

    Args:
        shape: Rows and columns.

    Example:
        >>> list(row_blocks((3, BLOCK // 2)))
        [slice(0, 2, None), slice(2, 3, None)]
    """
    rows, columns = shape
    step = max(1, BLOCK // max(1, columns))
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))


class ScoreFile:
    """Rows of scores that one process appends; the file is gone when nobody holds this object any longer.

    Args:
        folder: Where it lies, so that there is room for what is written in the end.

    Raises:
        OSError: The folder cannot be written to.
    """

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.NamedTemporaryFile(dir=folder, prefix='.', suffix=PARTIAL)  # noqa: SIM115
        self.name = self._file.name
        self.rows = 0

    def append(self, scores: np.ndarray) -> range:
        """Write rows at the end.

        Args:
            scores: Float32, shape (n, C), with the same C each time.

        Returns:
            Their places.

        Raises:
            OSError: The disk is full.
        """
        self._file.write(np.ascontiguousarray(scores, dtype=np.float32).tobytes())
        self._file.flush()
        self.rows += len(scores)
        return range(self.rows - len(scores), self.rows)

    def sync(self) -> None:
        """Let other machines see what was written.

        Raises:
            OSError: The disk is full.
        """
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Remove the file."""
        self._file.close()


class ScoreRows:
    """Rows of several files, in an order.

    Args:
        places: Name of the :class:`ScoreFile` and place in it, of each row.
        num_classes: Scores of a row.

    Raises:
        OSError: This process does not see a file.
        ValueError: A file ends before a row.
    """

    def __init__(self, places: Sequence[tuple[str, int]], num_classes: int) -> None:
        self.shape = len(places), num_classes
        self._places = places
        rows: dict[str, int] = {}
        for name, row in places:
            rows[name] = max(rows.get(name, 0), row + 1)
        self._files = {name: np.memmap(name, np.float32, 'r', 0, (n, num_classes)) for name, n in rows.items()}

    def blocks(self) -> Iterator[np.ndarray]:
        """All rows in order, float32, shape (n, C) each."""
        for part in row_blocks(self.shape):
            yield np.stack([self._files[name][row] for name, row in self._places[part]])


def mapped_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    """An array of an .npz file that lies on the disk, unpacked: its pages come and go as they are looked at.

    Args:
        archive: The .npz file.
        member: The array in it, of numbers.

    Raises:
        ValueError: It is none of NumPy's, or one of Python objects.
        OSError: The disk is full.
    """
    with tempfile.TemporaryFile() as file:
        with archive.open(member) as source:
            shutil.copyfileobj(source, file)
        file.seek(0)
        version = np.lib.format.read_magic(file)
        if version != (1, 0):
            raise ValueError(f'an array of the format {version}')
        shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(file)
        if dtype.hasobject:
            raise ValueError('an array of Python objects')
        return np.memmap(file, dtype, 'c', file.tell(), shape, 'F' if is_fortran else 'C')
