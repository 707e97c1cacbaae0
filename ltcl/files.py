"""Files that the library writes, whole or not at all, downloads, and keeps. Imports no torch."""

import contextlib
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from .errors import UserError
from .progress_bars import tracked

if TYPE_CHECKING:
    from http.client import HTTPResponse

CHUNK = 2**20
PARTIAL = '.partial'
"""Ending of a file that is being written; one that is found at a start was left by a process that was killed."""


def cache_folder() -> Path:
    """``$XDG_CACHE_HOME/ltcl``, or ``~/.cache/ltcl``; it may not exist yet.

    A user without a home, as a container may have, gets ``ltcl-UID`` in the folder for temporary files.

    Raises:
        UserError: What has that name there is of somebody else.
    """
    base, home = os.environ.get('XDG_CACHE_HOME'), os.path.expanduser('~')
    if not base and home == '~':
        return _own_temporary_folder()
    return Path(base or Path(home, '.cache'), 'ltcl')


def _own_temporary_folder() -> Path:
    folder = Path(tempfile.gettempdir(), f'ltcl-{os.getuid()}')
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode):
        raise UserError(f'{folder} belongs to somebody else: set XDG_CACHE_HOME to a folder of your own')
    return folder


@contextlib.contextmanager
def atomic_file(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file for writing that takes its name only when everything is on the disk.

    The bytes go to a file of their own in the same folder and are flushed; then the file is renamed and the folder
    flushed. So a file of that name is the old one or the new one, whatever stops the process or the machine, and
    however many processes write it at a time.

    Args:
        path: The file, replaced if it exists.

    Raises:
        OSError: The place is full, read-only or gone; its ``filename`` is the path. A file that was there before is
            untouched.
    """
    path = Path(path)
    new = path.with_name(f'.{secrets.token_hex(8)}{PARTIAL}')
    try:
        with new.open('xb') as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in (None, str(new)):
            error.filename, error.filename2 = str(path), None  # a full disk tells none, a rename the one of its own
        raise
    _flush_folder(path.parent)


def write_atomic(path: str | Path, content: str | bytes) -> None:
    """Write a file as :func:`atomic_file` does, a text in UTF-8."""
    with atomic_file(path) as file:
        file.write(content if isinstance(content, bytes) else content.encode('utf-8', 'surrogateescape'))


def why_unwritable(path: str | Path) -> str:
    """Why a file cannot be written, in words; empty if it can, which is tried beside it and leaves nothing there."""
    path = Path(path).absolute()
    if path.is_dir():
        return 'it is a folder'
    if not path.parent.is_dir():
        return f'there is no folder {path.parent}'
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            return ''
    except OSError as error:
        return error.strerror or str(error)


def remove_partials(folder: str | Path) -> None:
    """Remove what killed processes left half-written in a folder."""
    for path in Path(folder).glob(f'*{PARTIAL}'):
        path.unlink(missing_ok=True)


def take_place(new: Path, folder: Path, names: Sequence[str]) -> None:
    """Put what a folder holds in the place of what another one has; the new folder is gone afterwards.

    Args:
        new: What was written.
        folder: Where it belongs.
        names: Files and folders in it. The last one tells that all are there: it goes first and comes last, so that the
            folder is whole or incomplete, wherever this is interrupted.
    """
    for name in reversed(names):
        old = folder / name
        if old.is_dir():
            shutil.rmtree(old)
        else:
            old.unlink(missing_ok=True)
    for name in names:
        (new / name).rename(folder / name)
    new.rmdir()


def received(response: 'HTTPResponse', title: str) -> Iterator[bytes]:
    """Pieces of a download, while a bar shows how far it is.

    Args:
        response: What ``urlopen`` returned.
        title: What stands before the bar.
    """
    size = response.headers.get('Content-Length')
    yield from tracked(iter(lambda: response.read(CHUNK), b''), title, -(-int(size) // CHUNK) if size else None, 'MiB')


def _flush_folder(folder: Path) -> None:
    """Make a rename last through a power cut, where the system can flush folders."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
