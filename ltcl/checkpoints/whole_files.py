"""Files that are there as a whole or not at all, and the check whether a checkpoint is whole."""

import contextlib
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

PARTIAL = '.partial'
"""Ending of a file that is being written; one that is found at a start was left by a process that was killed."""


@contextlib.contextmanager
def whole_file(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file for writing that takes its name only when everything is on the disk.

    The bytes go to ``<name>.partial`` in the same folder and are flushed; then the file is renamed and the folder
    flushed. So a file of that name is the old one or the new one, whatever stops the process or the machine.

    Args:
        path: The file, replaced if it exists.

    Raises:
        OSError: The place is full, read-only or gone. A file that was there before is untouched.
    """
    path = Path(path)
    new = path.with_name(path.name + PARTIAL)
    try:
        with new.open('wb') as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def write_text(path: str | Path, text: str) -> None:
    """Write a text file as :func:`whole_file` does."""
    with whole_file(path) as file:
        file.write(text.encode('utf-8', 'surrogateescape'))


def remove_partials(folder: str | Path) -> None:
    """Remove what killed processes left half-written in a folder."""
    for path in Path(folder).glob(f'*{PARTIAL}'):
        path.unlink(missing_ok=True)


def is_whole(path: str | Path) -> bool:
    """Whether every byte of a checkpoint in torch's zip format is as it was written.

    torch writes a CRC-32 of each tensor and of the pickle, and does not look at it when it reads.

    Args:
        path: The file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except Exception:  # a damaged header leads zipfile to errors of many kinds
        return False


def _flush_folder(folder: Path) -> None:
    """Make a rename last through a power cut, where the system can flush folders."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
