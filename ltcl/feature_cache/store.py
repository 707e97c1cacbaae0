"""Rows by key on the disk: pieces that are written once, whole or not at all."""

import contextlib
import io
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
# Free space that is left to others.
RESERVE = 64 * 2**20
HINT = 'XDG_CACHE_HOME names another place'


def digest(*parts: bytes) -> bytes:
    """A key that stands for some bytes."""
    return blake2b(b''.join(parts), digest_size=KEY_BYTES).digest()


def features_folder() -> Path:
    """Where the cache lies; it may not exist yet."""
    return cache_folder() / 'features'


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

        Args:
            wanted: Keys of the rows.

        Returns:
            Rows by key.
        """
        found: dict[bytes, np.ndarray] = {}
        damaged = []
        for path in sorted(self.folder.glob('*.npz')):
            try:
                keys, rows = _piece(path, self.dtype)
            except FileNotFoundError:
                continue
            except (OSError, ValueError, KeyError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError):
                damaged.append(path)
                continue
            found.update((key, row) for key, row in zip(keys, rows, strict=True) if key in wanted)
        self._drop(damaged)
        return found

    def _drop(self, damaged: list[Path]) -> None:
        for path in damaged:
            with contextlib.suppress(OSError):
                path.unlink()
        if damaged:
            names = shorten([path.name for path in damaged])
            warn(f'damaged in the cache of features, so computed anew: {names} in {self.folder}')

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


def _piece(path: Path, dtype: type) -> tuple[list[bytes], np.ndarray]:
    with np.load(path, allow_pickle=False) as file:
        keys, rows = file['keys'], file['rows']
    if keys.shape != (len(rows), KEY_BYTES) or keys.dtype != np.uint8 or rows.ndim != 2 or rows.dtype != dtype:
        raise ValueError('not a piece of rows')
    return [key.tobytes() for key in keys], rows


def _free_bytes(folder: Path) -> int:
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    return shutil.disk_usage(existing).free
