"""Pixels of more than 8 bits, and the range of values that becomes 0 to 255."""

import struct
from collections.abc import Iterator
from numbers import Real
from typing import Literal

import cv2
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from ltcl.errors import UserError

from .tiff_header import BITS_PER_SAMPLE, TiffHeader

ValueRange = tuple[float, float] | Literal['auto'] | None
GREY_MODES = ('I', 'I;16', 'I;16L', 'I;16B', 'I;16N', 'F')
FULL = 2**16 - 1
MAX_SAMPLE_VALUE = 281  # as TIFF numbers it
COLOUR_ORDERS = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}


class UnknownRangeError(ValueError):
    """Values of which nobody knows which is black and which is white."""


def check_value_range(value_range: ValueRange) -> ValueRange:
    """An option ``value_range`` as a config gives it.

    Raises:
        UserError: It is neither None, 'auto' nor two finite numbers, the lower one first.
    """
    if value_range is None or value_range == 'auto':
        return value_range
    pair = tuple(value_range) if isinstance(value_range, list | tuple) else ()
    if len(pair) != 2 or not all(isinstance(each, Real) and np.isfinite(each) for each in pair):
        raise UserError(f"value_range of ltcl.LoadImage must be None, 'auto' or (low, high), got {value_range!r}")
    low, high = pair
    if not low < high:
        raise UserError(f'value_range of ltcl.LoadImage must begin with the lower value, got {value_range!r}')
    return low, high


def is_deep(image: Image.Image | TiffHeader) -> bool:
    """Whether an opened file has more than 8 bits a pixel and channel, of which Pillow would keep the upper 8."""
    if image.mode in GREY_MODES:
        return True
    if isinstance(image, TiffImageFile | TiffHeader):
        return max(image.tag_v2.get(BITS_PER_SAMPLE, (1,))) > 8
    return isinstance(image, PngImageFile) and any(';16' in str(tile.args) for tile in image.tile)


def read_deep(image: Image.Image | TiffHeader, content: bytes, value_range: ValueRange = None) -> np.ndarray:
    """Pixels of a file of :func:`is_deep`, as 8 bits.

    Args:
        image: The opened file.
        content: Its bytes.
        value_range: As in :func:`to_8_bits`; None takes the file's own depth.

    Returns:
        Grey (H, W), RGB (H, W, 3) or RGBA (H, W, 4), uint8.

    Raises:
        OSError: It cannot be decoded.
        UnknownRangeError: Its values have no known range.
    """
    values = _read_values(image, content)
    if value_range is None and values.dtype.itemsize == 2:
        value_range = (0, _own_maximum(image, content, values))
    return to_8_bits(values, value_range)


def stored_extremes(image: Image.Image | TiffHeader, content: bytes) -> tuple[float, float]:
    """The least and the largest value in a file of :func:`is_deep`; arguments as :func:`read_deep`."""
    return _extremes(_read_values(image, content))


def _read_values(image: Image.Image | TiffHeader, content: bytes) -> np.ndarray:
    return np.asarray(image) if image.mode in GREY_MODES else _read_colours(content)


def _read_colours(content: bytes) -> np.ndarray:
    values = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or values.shape[2:] not in ((), (3,), (4,)):
        raise OSError('its pixels of more than 8 bits cannot be read')
    return cv2.cvtColor(values, COLOUR_ORDERS[values.shape[2]]) if values.ndim == 3 else values


def to_8_bits(values: np.ndarray, value_range: ValueRange = None) -> np.ndarray:
    """Scale values linearly and round them.

    Args:
        values: Any integers or floats. What is not a number counts as the lowest value.
        value_range: The values that become 0 and 255; those beyond are cut off. 'auto' takes the least and the largest
            of these values. None takes all that 16 bits can hold.

    Returns:
        uint8 array of the same shape.

    Raises:
        UnknownRangeError: ``value_range`` is None, and the values are floats or need more than 16 bits.
    """
    if value_range is None:
        advice = 'set value_range=(low, high) of ltcl.LoadImage for the training, or save the image with 8 or 16 bits'
        _refuse_beyond(FULL, values, advice)
        value_range = (0, FULL)
    low, high = _extremes(values) if value_range == 'auto' else value_range
    if _has_16_bits(values):
        return _scale(np.arange(FULL + 1), low, high)[values]  # a table: no copy of the picture in floats
    return _scale(values, low, high)


def given_to_8_bits(values: np.ndarray, value_range: ValueRange = None) -> np.ndarray:
    """Pixels that are given in place of a file, as 8 bits.

    Args:
        values: Any integers or floats. Arithmetic makes wider integers of 8 bits, so without a ``value_range`` all but
            uint16 have 8.
        value_range: As in :func:`to_8_bits`.

    Returns:
        uint8 array of the same shape.

    Raises:
        UnknownRangeError: ``value_range`` is None, and the values are floats, or, but for uint16, not all of 0..255.
    """
    if values.dtype == np.uint8:
        return values
    if value_range is None and not _has_16_bits(values):
        advice = "give uint8, 0 to 255 (floats from 0 to 1 as (image * 255).round().astype('uint8'))"
        _refuse_beyond(255, values, advice)
        return values.astype(np.uint8)
    return to_8_bits(values, value_range)


def _has_16_bits(values: np.ndarray) -> bool:
    return values.dtype.itemsize == 2 and values.dtype.kind == 'u'


def _refuse_beyond(largest: int, values: np.ndarray, advice: str) -> None:
    low, high = _extremes(values)
    if values.dtype.kind == 'f' or low < 0 or high > largest:
        kind = 'floats' if values.dtype.kind == 'f' else 'whole numbers'
        raise UnknownRangeError(f'its values, {kind} from {low:g} to {high:g}, have no known range: {advice}')


def _scale(values: np.ndarray, low: float, high: float) -> np.ndarray:
    if high <= low:
        return np.zeros(values.shape, np.uint8)
    if values.dtype.kind == 'f':
        values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    return np.rint((np.clip(values, low, high) - low) / ((high - low) / 255)).astype(np.uint8)


def _extremes(values: np.ndarray) -> tuple[float, float]:
    finite = values[np.isfinite(values)] if values.dtype.kind == 'f' else values
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def _own_maximum(image: Image.Image | TiffHeader, content: bytes, values: np.ndarray) -> int:
    """The largest value that a file of 16 bits can have, as far as it tells."""
    bits = 16
    if isinstance(image, TiffImageFile | TiffHeader):
        bits = _tiff_bits(image)
    elif image.format == 'PNG':
        bits = next(_significant_bits(content), 16)
        # As the standard has it, the values are scaled up to 16 bits; many cameras leave them as they are.
        bits = bits if values.max(initial=0) < 2**bits else 16
    return 2**bits - 1


def _tiff_bits(image: TiffImageFile | TiffHeader) -> int:
    bits = image.tag_v2.get(BITS_PER_SAMPLE, (16,))[0]
    largest = np.ravel(image.tag_v2.get(MAX_SAMPLE_VALUE, FULL)).max()
    # Some programs write the brightest pixel there. It would scale each image by its own measure, so only a value
    # that fills its bits, all but the last 256th, is taken for a depth.
    declared = int(largest).bit_length()
    return min(bits, declared) if declared > 8 and largest >= 2**declared * 255 / 256 else bits


def _significant_bits(content: bytes) -> Iterator[int]:
    """The largest entry of the sBIT chunk of a PNG file, if it has one."""
    place, kind = 8, b''
    while kind not in (b'IDAT', b'IEND') and place + 8 <= len(content):
        length, kind = struct.unpack_from('>I4s', content, place)
        if kind == b'sBIT' and 8 < max(content[place + 8 : place + 8 + min(length, 3)], default=0) < 16:
            yield max(content[place + 8 : place + 8 + min(length, 3)])
        place += 12 + length
