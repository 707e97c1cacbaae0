"""Rows by key on the disk: pieces that are written once, whole or not at all."""

import contextlib
import errno
import io
import os
import shutil
import zipfile
import zlib
from collections.abc import Collection
from hashlib import blake2b
from pathlib import Path

import numpy as np

from ltcl.files import cache_folder, write_atomic
from ltcl.neutral_text import shorten
from ltcl.notices import warn

KEY_BYTES = 16
# The error of a system for a place before the begin of a file, which a damaged piece may name.
NO_PLACE = errno.EINVAL
# Free space that is left to others.
RESERVE = 64 * 2**20
HINT = 'XDG_CACHE_HOME names another place'
# Bytes from which on a run says how much is kept, and where it has been said.
MUCH = 10**10
TOLD: set[Path] = set()


def digest(*parts: bytes) -> bytes:
    """A key that stands for some bytes."""
    return blake2b(b''.join(parts), digest_size=KEY_BYTES).digest()


def features_folder() -> Path:
    """Where the cache lies; it may not exist yet."""
    return cache_folder() / 'features'


def say_if_much(folder: Path) -> None:
    """Say once how much is kept, if it is much: nothing of it goes by itself.

    Args:
        folder: Where the cache lies.
    """
    size = 0
    for path in folder.rglob('*.npz'):
        with contextlib.suppress(OSError):
            size += path.stat().st_size
    if size > MUCH and folder not in TOLD:
        TOLD.add(folder)
        warn(
            f'the cache of features has {size / 1e9:,.1f} GB in {folder}, and nothing of it goes by itself: '
            '`ltcl cache --clear features --keep 5GB` leaves those that were used last'
        )


class RowStore:
    """Rows of one kind in a folder.

    A piece is a file of keys and rows, named after its keys: processes that write the same rows at a time write the
    same file. What cannot be written is told once and costs time only.

    Args:
        folder: Made when something is written.
        dtype: Of the rows.
    """

    def __init__(self, folder: Path, dtype: type = np.float32) -> None:
        self.folder = folder
        self.dtype = dtype
        self.is_writable = True

    def read(self, wanted: Collection[bytes]) -> dict[bytes, np.ndarray]:
        """Those of some rows that are there; damaged pieces are removed, which is said once.

        What cannot be read stays, which is said as well: a network disk may answer later, an owner may open it.
        A piece of which rows are taken has now as the time of its change: so `ltcl cache` knows what was used last.

        Args:
            wanted: Keys of the rows.

        Returns:
            Rows by key.
        """
        found: dict[bytes, np.ndarray] = {}
        damaged: list[Path] = []
        unread: list[Path] = []
        reason = None
        for path in sorted(self.folder.glob('*.npz')):
            try:
                piece = _piece(path, self.dtype, wanted)
            except FileNotFoundError:
                continue
            except OSError as error:
                (damaged if error.errno == NO_PLACE else unread).append(path)
                reason = error.strerror
                continue
            except (ValueError, KeyError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError):
                damaged.append(path)
                continue
            if piece:
                found.update(piece)
                with contextlib.suppress(OSError):
                    os.utime(path)
        for path in damaged:
            with contextlib.suppress(OSError):
                path.unlink()
        self._tell('damaged', damaged)
        self._tell(f'not readable ({reason})', unread)
        return found

    def _tell(self, what: str, pieces: list[Path]) -> None:
        if pieces:
            names = shorten([path.name for path in pieces])
            warn(f'{what} in the cache of features, so computed anew: {names} in {self.folder}')

    def require_space(self, num_bytes: int) -> None:
        """Write nothing, and say so, where the disk has less room than is needed.

        Args:
            num_bytes: Size of all rows that are to be written.
        """
        free = _free_bytes(self.folder)
        if num_bytes + RESERVE > free:
            self.is_writable = False
            warn(
                f'the cache of features needs {num_bytes / 2**20:,.0f} MiB in {self.folder}, where {free / 2**20:,.0f} '
                f'MiB are free: the run goes on, but the next one computes them again. {HINT}'
            )

    def write(self, keys: list[bytes], rows: np.ndarray) -> None:
        """Keep rows.

        Args:
            keys: Of the rows.
            rows: Shape (M, C).
        """
        if not keys or not self.is_writable:
            return
        content = io.BytesIO()
        np.savez(content, keys=np.frombuffer(b''.join(keys), np.uint8).reshape(-1, KEY_BYTES), rows=rows)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomic(self.folder / f'{digest(*keys).hex()}.npz', content.getvalue())
        except OSError as error:
            self.is_writable = False
            warn(f'features are not kept in the cache: {error}: the next run computes them again. {HINT}')


def _piece(path: Path, dtype: type, wanted: Collection[bytes]) -> dict[bytes, np.ndarray]:
    """Rows of a file that are wanted; those of a file without any are not read."""
    with np.load(path, allow_pickle=False) as file:
        keys = file['keys']
        if keys.ndim != 2 or keys.shape[1] != KEY_BYTES or keys.dtype != np.uint8:
            raise ValueError('not a piece of rows')
        places = {key: place for place, key in enumerate(map(bytes, keys)) if key in wanted}
        rows = file['rows'] if places else np.empty((len(keys), 0), dtype)
    if len(rows) != len(keys) or rows.ndim != 2 or rows.dtype != dtype:
        raise ValueError('not a piece of rows')
    return {key: rows[place] for key, place in places.items()}


def _free_bytes(folder: Path) -> int:
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    return shutil.disk_usage(existing).free
