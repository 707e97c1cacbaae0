"""Checkpoints that are there as a whole or not at all, and the check whether one is whole."""

import os
import struct
import zipfile
import zlib
from pathlib import Path

import torch

from ltcl.files import atomic_file

MARK = b'ltcl-crc32:'
LENGTH = struct.Struct('<H')
BLOCK = 2**22


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
    try:
        with atomic_file(path) as file:
            torch.save(checkpoint, file)
            file.seek(-LENGTH.size, os.SEEK_END)  # of the comment, which is empty
            file.write(LENGTH.pack(len(_comment(0))))
            file.flush()
            file.write(_comment(_checksum(file.name)))
    except RuntimeError as error:  # torch's writer, when the system refuses in the middle of a file
        raise _refusal(error, path) from error


def _refusal(error: RuntimeError, path: str | Path) -> OSError:
    """What the system said, which torch's writer answers with a complaint of its own about the size of the file."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__ or cause.__context__
    return OSError(str(error).split('\n')[0]) if cause is None else OSError(cause.errno, cause.strerror, str(path))


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
