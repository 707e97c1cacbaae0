"""What stands for the content of each image."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from ltcl.datasets import CachedFeatures
from ltcl.datasets.real_paths import path_resolver
from ltcl.launch.progress import PROGRESS
from ltcl.notices import note_progress
from ltcl.progress_bars import tracked

from .store import KEY_BYTES, RowStore, digest, features_folder

THREADS = 8
# Seconds after which a file that changes has another time of change, whatever the file system.
YOUNG = 2.0


def digests_of_images(dataset: CachedFeatures) -> list[bytes | None]:
    """Stands for the content of each image, its file or its pixels.

    A file is read once: the digest is kept under its path, size and times, of which no program can set that of the last
    change of the file's entry.

    Args:
        dataset: The data set.

    Returns:
        None of a file that cannot be read.
    """
    infos = [dataset.get_data_info(position) for position in range(len(dataset))]
    resolve = path_resolver()
    states = [_state_of(info, resolve) for info in infos]
    store = RowStore(_place_of(infos, resolve), np.uint8)
    known = {state: row.tobytes() for state, row in store.read({each for each in states if each is not None}).items()}
    with ThreadPoolExecutor(THREADS) as pool:
        read = pool.map(lambda state, info: (state and known.get(state)) or _digest_of(info), states, infos)
        digests = list(tracked(read, 'reading files', len(infos), say=note_progress))
    new = {
        state: each
        for state, each in zip(states, digests, strict=True)
        if state is not None and each is not None and state not in known
    }
    if new:
        store.write([*new], np.frombuffer(b''.join(new.values()), np.uint8).reshape(-1, KEY_BYTES))
    return digests


def _place_of(infos: list[dict[str, Any]], resolve: Callable[[str], str]) -> Path:
    """Folder of what is known of the files below the folder of all images."""
    folders = {os.path.dirname(resolve(info['img_path'])) for info in infos if info.get('img_path')}
    root = os.path.commonpath(folders) if folders else ''
    return features_folder() / 'contents' / digest(root.encode('utf-8', 'surrogateescape')).hex()


def _state_of(info: dict[str, Any], resolve: Callable[[str], str]) -> bytes | None:
    """Stands for a file as it is now; None: it is no file, or has just been written."""
    if info.get('img') is not None:
        return None
    try:
        path = resolve(info['img_path'])
        status = os.stat(path)
    except OSError:
        return None
    if time.time() - max(status.st_mtime, status.st_ctime) < YOUNG:
        return None
    text = f'{path}\n{status.st_size}\n{status.st_mtime_ns}\n{status.st_ctime_ns}\n{status.st_ino}'
    return digest(text.encode('utf-8', 'surrogateescape'))


def _digest_of(info: dict[str, Any]) -> bytes | None:
    PROGRESS.step()
    if info.get('img') is not None:
        pixels = np.ascontiguousarray(info['img'])
        return digest(f'{pixels.dtype} {pixels.shape}'.encode(), pixels.tobytes())
    try:
        return digest(Path(info['img_path']).read_bytes())
    except OSError:
        return None
