"""Fingerprints of the images of a folder, kept on the disk from one start to the next."""

import contextlib
import io
import logging
import os
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from mmengine.logging import print_log

from ..files import write_atomic
from .fingerprints import DIGEST_BYTES, Fingerprint, fingerprints_of_files
from .folder_cache import cache_file, file_keys

MANY = 2000


def fingerprints_of(paths: Sequence[str], root: str | os.PathLike) -> list[Fingerprint | None]:
    """Fingerprints of images, of which only new and changed ones are read.

    They lie in ``$XDG_CACHE_HOME/ltcl/fingerprints``, one file for each data root. Several processes may ask at a time:
    one reads the images, the others wait for it. A place that cannot be written is told once and costs time only.

    Args:
        paths: The images.
        root: The data root.
    """
    with cache_file('fingerprints', root, '.npz') as place:
        return _completed(paths, place)


def _completed(paths: Sequence[str], place: Path) -> list[Fingerprint | None]:
    keys = file_keys(paths)
    known = _read(place)
    new = {key: path for key, path in zip(keys, paths, strict=True) if key is not None and key not in known}
    if new:
        if len(new) >= MANY:
            print_log(f'{len(new):,} images are looked at for copies, once', 'current')
        known |= dict(zip(new, fingerprints_of_files(list(new.values())), strict=True))
        with contextlib.suppress(OSError):
            _write(place, known)
    return [None if key is None else known.get(key) for key in keys]


def _read(place: Path) -> dict[bytes, Fingerprint | None]:
    if not place.is_file():
        return {}
    try:
        with np.load(place, allow_pickle=False) as file:
            keys, digests, thumbs, aspects = (file[name] for name in ('keys', 'digests', 'thumbs', 'aspects'))
        prints = map(Fingerprint, map(bytes, digests), thumbs, aspects.tolist())
        return dict(zip(map(bytes, keys), prints, strict=True))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        print_log(f'{place} is damaged, so the images are looked at anew', 'current', logging.WARNING)
        return {}


def _write(place: Path, known: dict[bytes, Fingerprint | None]) -> None:
    kept = {key: each for key, each in known.items() if each is not None}
    if not kept:
        return
    content = io.BytesIO()
    np.savez(
        content,
        keys=_as_bytes(kept),
        digests=_as_bytes(each.digest for each in kept.values()),
        thumbs=np.stack([each.thumb for each in kept.values()]),
        aspects=np.array([each.aspect for each in kept.values()]),
    )
    write_atomic(place, content.getvalue())


def _as_bytes(digests: Iterable[bytes]) -> np.ndarray:
    return np.frombuffer(b''.join(digests), np.uint8).reshape(-1, DIGEST_BYTES)
