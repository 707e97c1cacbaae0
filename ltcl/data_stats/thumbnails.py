"""Small pictures for a page: as a training reads them, transparency on white."""

import io
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from PIL import Image

from ltcl.datasets.fingerprints import WHITE
from ltcl.datasets.transforms.decoding import decode_rgb
from ltcl.datasets.transforms.image_files import open_image, read_file
from ltcl.datasets.transforms.upright import upright_rgb
from ltcl.progress_bars import tracked
from ltcl.report.thumbnails import jpeg_uri

from .figures import as_rgb

SIDE = 64


def small_picture(picture: str | np.ndarray, side: int = SIDE) -> str | None:
    """A small JPEG of a file or of pixels as a data URI; None of a file that cannot be read.

    Args:
        picture: The file or the pixels.
        side: Longer side that it has at most.
    """
    try:
        return jpeg_uri(small_image(picture, side, upright=True), side)
    except Exception:  # Pillow's plugins raise more than their documentation says
        return None


def small_image(picture: str | np.ndarray, side: int, upright: bool = False) -> Image.Image:
    """An image in RGB, a JPEG as small as its decoder makes it, but not smaller than twice the side.

    Args:
        picture: The file or the pixels.
        side: Longer side of what is made of it.
        upright: Turn it as its EXIF tag says; where a mask lies beside it, it stays as the mask does.
    """
    if not isinstance(picture, str):
        return Image.fromarray(as_rgb(picture))
    content = read_file(picture)
    with open_image(io.BytesIO(content)) as image:
        if image.format != 'JPEG' or not isinstance(image, Image.Image):
            return Image.fromarray(decode_rgb(content, background=WHITE, upright=upright))
        image.draft('RGB', (2 * side, 2 * side))
        return upright_rgb(image) if upright else image.convert('RGB')


def small_pictures(make: Callable[[Any], str | None], keys: Sequence[Hashable]) -> dict[Hashable, str]:
    """Small pictures by key, made on all cores; those that cannot be are left out.

    Args:
        make: Makes one.
        keys: Which ones.
    """
    wanted = list(dict.fromkeys(keys))
    with ThreadPoolExecutor() as pool:
        made = list(tracked(pool.map(make, wanted), 'making small pictures', len(wanted)))
    return {key: each for key, each in zip(wanted, made, strict=True) if each is not None}
