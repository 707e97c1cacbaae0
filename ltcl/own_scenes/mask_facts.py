"""What each mask file holds: its values or colours with their pixels, read once and kept."""

import contextlib
import json
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from mmengine.logging import print_log
from PIL import Image

from ..datasets.folder_cache import cache_file, file_keys
from ..datasets.seg_masks.read_mask import DEEP_MODES, LOSSY, NOT_OPENED
from ..datasets.transforms.map_labels import colour_codes
from ..datasets.transforms.upright import AS_IT_LIES, turn_of
from ..files import write_atomic
from ..progress_bars import tracked

THREADS = 4
# A mask of more colours is a photograph, or was resized with smooth edges.
MAX_COLOURS = 256
GREY = 0x010101


class MaskFacts(NamedTuple):
    """What one mask file holds.

    Args:
        size: Height and width.
        codes: Its values, see :func:`ltcl.datasets.transforms.map_labels.colour_codes`, ascending.
        pixels: Pixels of each.
        fault: Why it cannot be a mask, as the end of a sentence that begins with the file.
    """

    size: tuple[int, int] = (0, 0)
    codes: tuple[int, ...] = ()
    pixels: tuple[int, ...] = ()
    fault: str | None = None


def mask_facts(paths: Sequence[str], root: str | os.PathLike) -> list[MaskFacts]:
    """What masks hold; only new and changed files are read.

    Args:
        paths: The masks.
        root: The data root.
    """
    with cache_file('masks', root, '.json') as place:
        known = _read(place)
        keys = [key.hex() if key else path for key, path in zip(file_keys(paths), paths, strict=True)]
        new = {key: path for key, path in zip(keys, paths, strict=True) if key not in known}
        if new:
            with ThreadPoolExecutor(THREADS) as pool:
                read = tracked(pool.map(read_mask, new.values()), 'reading masks', len(new), 'masks')
                known |= dict(zip(new, read, strict=True))
            _write(place, known)
    return [known[key] for key in keys]


def read_mask(path: str) -> MaskFacts:
    """What one mask file holds."""
    try:
        with Image.open(path) as image:
            if image.format in LOSSY:
                return MaskFacts(
                    fault=f'is a {image.format} file, whose compression changes labels: make the masks anew as PNG '
                    'from where they were drawn'
                )
            return _counted(image)
    except FileNotFoundError:
        return MaskFacts(fault='does not exist')
    except (*NOT_OPENED, SyntaxError) as error:  # Pillow's word for a damaged PNG
        return MaskFacts(fault=f'is damaged or no image ({str(error)[:80]}): write it again, as PNG')


def _counted(image: Image.Image) -> MaskFacts:
    values = np.asarray(image)
    if image.mode in DEEP_MODES and (values != values.astype(np.uint8)).any():
        return MaskFacts(
            fault=f'has 16 bits or more and holds the value {values.max()}: write masks with 8 bits, values 0 to 255'
        )
    if image.mode in ('CMYK', 'LAB', 'HSV', 'YCbCr'):
        return MaskFacts(fault=f'has {image.mode} colours: write it as PNG with one value, or RGB, for each pixel')
    if image.mode in ('RGBA', 'LA', 'PA') and (values[..., -1] != values[0, 0, -1]).any():
        return MaskFacts(
            fault='is partly transparent, and transparency tells no class: write it without an alpha channel, with a '
            'value or a colour for each class'
        )
    if turn_of(image) != AS_IT_LIES:
        return MaskFacts(
            fault='has an EXIF tag that turns it, which not all programs follow: write it without the tag, as its '
            'image is looked at'
        )
    codes, pixels = _histogram(image)
    if len(codes) > MAX_COLOURS:
        return MaskFacts(
            fault=f'holds {len(codes)} colours: it is a photograph, or its edges were smoothed when it was resized; '
            'write the map of classes, resized with nearest neighbours'
        )
    return MaskFacts(values.shape[:2], tuple(codes.tolist()), tuple(pixels.tolist()))


def read_codes(path: str) -> np.ndarray:
    """Code of each pixel of a mask file without a fault, int64, shape (H, W)."""
    with Image.open(path) as image:
        values = _channels(image)
    return values.astype(np.int64) * GREY if values.ndim == 2 else _colours(values)


def _channels(image: Image.Image) -> np.ndarray:
    """Grey levels (H, W), or colours (H, W, 3 or 4)."""
    values = np.asarray(image)
    values = values[..., 0] if values.ndim == 3 and values.shape[2] < 3 else values
    return values.astype(np.uint8) if values.ndim == 2 else values


def _colours(values: np.ndarray) -> np.ndarray:
    return colour_codes(values[..., 2::-1])  # OpenCV's order


def _histogram(image: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    values = _channels(image)
    if values.ndim == 2:
        pixels = np.bincount(values.ravel(), minlength=256)
        return np.flatnonzero(pixels) * GREY, pixels[pixels > 0]
    return np.unique(_colours(values), return_counts=True)


def _read(place: Path) -> dict[str, MaskFacts]:
    if not place.is_file():
        return {}
    try:
        entries = json.loads(place.read_text())
        known = ((key, map(tuple, values)) for key, values in entries.items())
        return {key: MaskFacts(size, codes, pixels) for key, (size, codes, pixels) in known}
    except (OSError, ValueError, TypeError, AttributeError):
        print_log(f'{place} is damaged, so the masks are read anew', 'current', logging.WARNING)
        return {}


def _write(place: Path, known: dict[str, MaskFacts]) -> None:
    sound = {key: facts[:3] for key, facts in known.items() if facts.fault is None}
    with contextlib.suppress(OSError):  # the next start reads the masks again
        write_atomic(place, json.dumps(sound, separators=(',', ':')))
