"""Image files as RGB arrays."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from .bit_depth import ValueRange, is_deep, read_deep
from .image_files import MAX_PIXELS, is_see_through, open_image
from .jpeg import COLOR, REDUCED_COLOR, decode_jpeg, find_damage
from .tiff_header import TiffHeader
from .upright import AS_IT_LIES, turn_of, turned

Colour = tuple[int, int, int]


def decode_rgb(
    content: bytes,
    *,
    max_pixels: float | None = MAX_PIXELS,
    value_range: ValueRange = None,
    background: Colour | None = None,
    on_damage: Callable[[str], None] = lambda damage: None,
    reduction: int = 1,
    upright: bool = False,
) -> np.ndarray:
    """Decode an image file.

    Args:
        content: Bytes of a file of one of ``image_files.FORMATS``.
        max_pixels: Largest width times height; None is no limit. The header decides, before any pixel is decoded.
        value_range: The values that become 0 and 255 in files of more than 8 bits: (low, high), or 'auto', the least
            and the largest of each file. None takes the depth of the file: of TIFF the bits and the largest value that
            it states, of PNG the significant bits, else 16 bits.
        background: Colour below transparent pixels; None drops the transparency.
        on_damage: Called with the words of libjpeg on a JPEG file that is damaged in the middle.
        reduction: 2, 4 or 8 decode a file of :func:`reducible_size` at that part of its size, rounded up.
        upright: Turn the picture as its EXIF tag says, as viewers do.

    Returns:
        RGB array (H, W, 3), uint8; without ``upright`` as the pixels lie in the file. Grey is repeated, CMYK, LAB and
        palettes are converted. Of several frames it is the first.

    Raises:
        OSError: It is no image, too large, or ends too early.
        UnknownRangeError: A ValueError: 32-bit pixels without ``value_range``.
    """
    with open_image(io.BytesIO(content), max_pixels) as image:
        pixels = _pixels(image, content, value_range, background, on_damage, reduction)
        # Asked for afterwards: Pillow turns TIFF files as it reads them, and takes the tag away.
        return turned(pixels, turn_of(image)) if upright else pixels


def _pixels(
    image: Any,
    content: bytes,
    value_range: ValueRange,
    background: Colour | None,
    on_damage: Callable[[str], None],
    reduction: int,
) -> np.ndarray:
    """What :func:`decode_rgb` returns of an open image, as the pixels lie."""
    if is_deep(image):
        return flatten(Image.fromarray(read_deep(image, content, value_range)), background)
    if _is_plain_jpeg(image):
        array, damage = decode_jpeg(content, REDUCED_COLOR.get(reduction, COLOR))
        if damage:
            on_damage(damage)
        if array is not None:
            return array
    elif image.format in ('JPEG', 'MPO') and (damage := find_damage(content)):
        on_damage(damage)
    return flatten(image, background)


def reducible_size(
    content: bytes, max_pixels: float | None = MAX_PIXELS, upright: bool = False
) -> tuple[int, int] | None:
    """Height and width of a JPEG file that can be decoded at a part of its size, by its header; None of any other file.

    Those are grey ones and those of three colours, unless they are to be turned. Arguments and errors as
    :func:`decode_rgb`.
    """
    with open_image(io.BytesIO(content), max_pixels) as image:
        if upright and turn_of(image) != AS_IT_LIES:
            return None
        return image.size[::-1] if _is_plain_jpeg(image) else None


def _is_plain_jpeg(image: Image.Image | TiffHeader) -> bool:
    return image.format == 'JPEG' and image.mode in ('RGB', 'L')


def flatten(image: Image.Image, background: Colour | None) -> np.ndarray:
    """RGB array without transparency, which lies on a colour or is dropped."""
    if is_see_through(image):
        image = image.convert('RGBA')
        if background is not None:
            image = Image.alpha_composite(Image.new('RGBA', image.size, (*background, 255)), image)
    return np.array(image.convert('RGB'))
