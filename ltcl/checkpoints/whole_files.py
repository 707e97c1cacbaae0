"""Files that are there as a whole or not at all, and the check whether a checkpoint is whole."""

import contextlib
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import torch

PARTIAL = '.partial'
"""Ending of a file that is being written; one that is found at a start was left by a process that was killed."""
MARK = b'ltcl-crc32:'
LENGTH = struct.Struct('<H')
BLOCK = 2**22


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


def save_whole(path: str | Path, checkpoint: object) -> None:
    """Write a checkpoint in torch's zip format, whole or not at all, with a checksum of all its bytes.

    torch stores checksums of the tensors, which its reader does not look at. This one stands in the comment at the end
    of the archive, where every reader of zip files passes over it.

    Args:
        path: The file, replaced if it exists.
        checkpoint: What ``torch.save`` takes.

    Raises:
        OSError: The place is full, read-only or gone. A file that was there before is untouched.
    """
    path = Path(path)
    try:
        with whole_file(path) as file:
            torch.save(checkpoint, file)
            file.seek(-LENGTH.size, os.SEEK_END)  # of the comment, which is empty
            file.write(LENGTH.pack(len(_comment(0))))
            file.flush()
            file.write(_comment(_checksum(path.with_name(path.name + PARTIAL))))
    except RuntimeError as error:  # torch's writer, when the system refuses in the middle of a file
        raise OSError(str(error).split('\n')[0]) from error


def is_whole(path: str | Path) -> bool:
    """Whether every byte of a checkpoint in torch's zip format is as it was written.

    Args:
        path: A file of :func:`save_whole`; of others the tensors and the pickle are looked at.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.comment:
                return archive.comment == _comment(_checksum(path, len(archive.comment)))
            return archive.testzip() is None
    except Exception:  # a damaged header leads zipfile to errors of many kinds
        return False


def is_damaged(path: str | Path) -> bool:
    """Whether a file has the checksum of :func:`save_whole` and is not as it was written; False of any other file."""
    try:
        with open(path, 'rb') as file:
            file.seek(-len(_comment(0)), os.SEEK_END)
            is_marked = file.read().startswith(MARK)
    except OSError:
        return False
    return is_marked and not is_whole(path)


def _comment(checksum: int) -> bytes:
    return MARK + b'%08x' % checksum


def _checksum(path: str | Path, without_last: int = 0) -> int:
    """CRC-32 of a file's content, but for some bytes at its end."""
    left, checksum = Path(path).stat().st_size - without_last, 0
    with open(path, 'rb') as file:
        while left > 0 and (block := file.read(min(left, BLOCK))):
            checksum = zlib.crc32(block, checksum)
            left -= len(block)
    return checksum


def _flush_folder(folder: Path) -> None:
    """Make a rename last through a power cut, where the system can flush folders."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
