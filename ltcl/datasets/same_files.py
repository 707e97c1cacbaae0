"""Which of some images are among others: the same files, or copies of them."""

import contextlib
import os
from collections.abc import Collection, Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np


def is_among(paths: Sequence[str], others: Collection[str]) -> np.ndarray:
    """Which of some images are among others, by path or by content.

    Args:
        paths: Their files.
        others: Files of the others.

    Returns:
        Mask of shape (N,).
    """
    files = {os.path.realpath(path) for path in others}
    sizes = {size for path in files if (size := _size_of(path)) is not None}
    # A copy has the size of the file: only such ones are read.
    of_size = {_size_of(path) for path in paths} & sizes - {None}
    contents = {_content_of(path) for path in files if _size_of(path) in of_size} - {None}
    return np.array(
        [
            os.path.realpath(path) in files or (_size_of(path) in of_size and _content_of(path) in contents)
            for path in paths
        ],
        bool,
    )


def _size_of(path: str) -> int | None:
    with contextlib.suppress(OSError):
        return os.stat(path).st_size
    return None


def _content_of(path: str) -> bytes | None:
    with contextlib.suppress(OSError):
        return blake2b(Path(path).read_bytes()).digest()
    return None
