"""Image files that can be read to their end; those that were found whole are not read again."""

import contextlib
import io
import os
from pathlib import Path

import numpy as np

from ltcl.files import write_atomic

from .folder_cache import KEY_BYTES, cache_file, file_keys
from .image_checks import find_broken
from .transforms import LoadImage

# Images from which on several processes look at them.
MANY = 500


def find_damaged(files: dict[str, LoadImage], root: str | os.PathLike, num_workers: int = 0) -> dict[str, str]:
    """Look for files that are empty, cut off, no images, or damaged in the middle.

    Every file is decoded once; which ones were whole is kept in ``$XDG_CACHE_HOME/ltcl/whole``, as long as size and
    time of change stay what they are.

    Args:
        files: Paths, each with the step that reads it; from now on that step refuses damage in the middle.
        root: Folder of the images.
        num_workers: Worker processes for many files.

    Returns:
        Path and reason of each such file.

    Raises:
        UserError: A file needs an option to be read.
    """
    for loader in files.values():
        loader.refuses_damage = True
    with cache_file('whole', root, '.npy') as place:
        keys = dict(zip(files, file_keys(files), strict=True))
        known = _read(place)
        new = {path: loader for path, loader in files.items() if keys[path] not in known}
        broken = find_broken(new, 'decode', num_workers if len(new) > MANY else 0)
        whole = {key for path in new if path not in broken and (key := keys[path]) is not None}
        if whole:
            with contextlib.suppress(OSError):
                _write(place, known | whole)
    return broken


def _read(place: Path) -> set[bytes]:
    try:
        return set(map(bytes, np.load(place, allow_pickle=False).reshape(-1, KEY_BYTES)))
    except (OSError, ValueError, EOFError):  # there is none, or it is damaged and written anew
        return set()


def _write(place: Path, keys: set[bytes]) -> None:
    content = io.BytesIO()
    np.save(content, np.frombuffer(b''.join(sorted(keys)), np.uint8).reshape(-1, KEY_BYTES))
    write_atomic(place, content.getvalue())
