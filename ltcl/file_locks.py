"""Locks of files, by which processes wait for each other. Imports no torch."""

import contextlib
import fcntl
import os
from collections.abc import Iterator

from filelock import FileLock


@contextlib.contextmanager
def file_lock(path: str | os.PathLike, seconds: float = -1) -> Iterator[bool]:
    """Hold a lock; the system ends that of a process that dies.

    Args:
        path: File of the lock, which stays.
        seconds: How long to wait for it; -1 is for ever.

    Yields:
        Whether it is held: False on a file system without locks, where nobody waits.

    Raises:
        filelock.Timeout: Another process holds it.
        OSError: The file cannot be opened.
    """
    if not _has_locks(path):
        yield False
        return
    with FileLock(path, timeout=seconds):
        yield True


def _has_locks(path: str | os.PathLike) -> bool:
    """Whether the file can be locked at all.

    Where it cannot, filelock waits for ever or, as its version may be, leaves a marker instead, which outlives a killed
    process and keeps all other machines out.
    """
    with open(path, 'a+b') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # another holds it
            return True
        except OSError:
            return False
    return True
