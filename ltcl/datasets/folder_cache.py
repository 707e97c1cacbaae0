"""What is known of the files of a folder, kept on the disk from one start to the next."""

import contextlib
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

from mmengine.logging import print_log

from ..file_locks import file_lock
from ..files import cache_folder
from .real_paths import path_resolver

KEY_BYTES = 16


@contextlib.contextmanager
def cache_file(kind: str, root: str | os.PathLike, suffix: str) -> Iterator[Path]:
    """The file that keeps what is known of a data root, ``$XDG_CACHE_HOME/ltcl/<kind>/<root>.<suffix>``, locked.

    Several processes may ask at a time: one reads the files of the root, the others wait for it. A place that cannot be
    written is told once and costs time only.

    Args:
        kind: What is kept, and the folder of the file.
        root: The data root.
        suffix: Of the file.
    """
    name = blake2b(os.path.realpath(root).encode('utf-8', 'surrogateescape'), digest_size=KEY_BYTES).hexdigest()
    place = cache_folder() / kind / f'{name}{suffix}'
    with contextlib.ExitStack() as stack:
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(file_lock(f'{place}.lock'))
        except OSError as error:
            print_log(f'{kind} of images are not kept: {error}', 'current', logging.WARNING)
        yield place


def file_keys(paths: Iterable[str]) -> list[bytes | None]:
    """Stand for files as they are now; None: there is no such file."""
    resolve = path_resolver()
    return [_file_key(path, resolve) for path in paths]


def _file_key(path: str, resolve: Callable[[str], str]) -> bytes | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    text = f'{resolve(path)}\n{status.st_size}\n{status.st_mtime_ns}'
    return blake2b(text.encode('utf-8', 'surrogateescape'), digest_size=KEY_BYTES).digest()
