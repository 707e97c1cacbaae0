"""Fingerprints of pictures, by which copies are found: one of the pixels, and a small picture of the picture."""

import io
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from typing import NamedTuple

import cv2
import numpy as np

from ltcl.notices import note_progress
from ltcl.progress_bars import tracked

from .transforms.decoding import decode_rgb
from .transforms.image_files import is_see_through, open_image, read_file

THUMB_SIDE = 16
DIGEST_BYTES = 16
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


class Fingerprint(NamedTuple):
    """What is kept of a picture.

    Attributes:
        digest: Hash of its pixels and its size; of a file that cannot be decoded, of its bytes.
        thumb: The picture in 16x16 pixels on white, RGB, uint8, shape (16, 16, 3).
        aspect: Logarithm of width over height; NaN for a file that cannot be decoded.
    """

    digest: bytes
    thumb: np.ndarray
    aspect: float


def fingerprint(image: np.ndarray, on_black: np.ndarray | None = None) -> Fingerprint:
    """Fingerprint of a picture.

    Args:
        image: RGB, uint8, shape (H, W, 3); on white if it was transparent.
        on_black: The same picture on black if it was transparent, since white on nothing would be lost.
    """
    digest = blake2b(np.ascontiguousarray(image).data, digest_size=DIGEST_BYTES, person=b'%dx%d' % image.shape[:2])
    if on_black is not None and not np.array_equal(image, on_black):
        digest.update(np.ascontiguousarray(on_black).data)
    thumb = cv2.resize(image, (THUMB_SIDE, THUMB_SIDE), interpolation=cv2.INTER_AREA)
    return Fingerprint(digest.digest(), thumb, float(np.log(image.shape[1] / image.shape[0])))


def fingerprint_of_file(path: str | os.PathLike) -> Fingerprint | None:
    """Fingerprint of a file; None if it is empty or cannot be read."""
    try:
        content = read_file(str(path))
    except OSError:
        return None
    if not content:
        return None
    try:
        with open_image(io.BytesIO(content)) as header:
            see_through = is_see_through(header)
        image = decode_rgb(content, background=WHITE)
        return fingerprint(image, decode_rgb(content, background=BLACK) if see_through else None)
    # Pillow's plugins raise more than their documentation says. Who trains on the file is told what is wrong with it.
    except Exception:
        digest = blake2b(content, digest_size=DIGEST_BYTES, person=b'undecodable').digest()
        return Fingerprint(digest, np.zeros((THUMB_SIDE, THUMB_SIDE, 3), np.uint8), float('nan'))


def fingerprints_of_files(paths: Sequence[str]) -> list[Fingerprint | None]:
    """Fingerprints of files, decoded on all cores."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(tracked(pool.map(fingerprint_of_file, paths), 'looking at images', len(paths), say=note_progress))
