"""Opening image files: of which formats, how large a picture, and nothing of its pixels before both are known."""

import contextlib
import functools
import importlib.util
import io
import os
import stat
import threading
from collections.abc import Iterator
from typing import BinaryIO

from mmengine import fileio
from PIL import EpsImagePlugin, Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from .tiff_header import TiffHeader, read_tiff_header

# For those who open files by Pillow themselves, such as mmseg's reader of masks: it is to start no program either.
EpsImagePlugin.gs_binary = False
# A file is data, whatever its name: none of these starts a program, as Pillow does for EPS, nor hides a larger picture.
FORMATS = ('JPEG', 'PNG', 'WEBP', 'TIFF', 'GIF', 'BMP', 'PPM', 'JPEG2000', 'TGA', 'AVIF', 'HEIF')
MAX_PIXELS = 128_000_000  # as RGB 384 MB
LARGE_FILE = 2**25
TILE_SIZE = (322, 323)  # width and length, as TIFF numbers them
TAIL = 2**16
LAST_BYTES = {'JPEG': b'\xff\xd9', 'MPO': b'\xff\xd9', 'PNG': b'IEND'}
_LOCK = threading.Lock()


@functools.cache
def _register_readers() -> None:
    """Make known what Pillow itself does not bring."""
    if importlib.util.find_spec('pillow_heif'):
        importlib.import_module('pillow_heif').register_heif_opener()
    Image.init()


def readable_formats() -> tuple[str, ...]:
    """Those of ``FORMATS`` that this installation reads: HEIF needs the package pillow-heif."""
    _register_readers()
    return tuple(name for name in FORMATS if name in Image.OPEN)


@contextlib.contextmanager
def _without_pillows_limit() -> Iterator[None]:
    """Our limit is an option, names itself and refuses; Pillow's warns, and refuses at twice its size."""
    with _LOCK:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def open_image(file: BinaryIO, max_pixels: float | None = MAX_PIXELS) -> ImageFile | TiffHeader:
    """Read the header of an image file.

    Args:
        file: It, at any position.
        max_pixels: Largest width times height; None is no limit.

    Returns:
        Pillow's image, whose pixels are not decoded yet; or what stands for it.

    Raises:
        OSError: It is no image of a known format, or larger than the limit.
    """
    try:
        with _without_pillows_limit():
            image: ImageFile | TiffHeader = Image.open(file, formats=readable_formats())
    except UnidentifiedImageError:
        header = read_tiff_header(file)
        if header is None:
            raise OSError(_what_else(file)) from None
        image = header
    width, height = image.size
    if isinstance(image, TiffImageFile | TiffHeader):  # a tile is decoded whole, and may be larger than the picture
        width, height = (max(side, image.tag_v2.get(tag, 0)) for side, tag in zip(image.size, TILE_SIZE, strict=True))
    if max_pixels is not None and width * height > max_pixels:
        image.close()
        raise OSError(f'{width} x {height} pixels are more than max_pixels={max_pixels:.0f} of ltcl.LoadImage')
    return image


def is_see_through(image: Image.Image | TiffHeader) -> bool:
    """Whether an image has transparency, of any kind."""
    return 'transparency' in getattr(image, 'info', ()) or image.mode.endswith(('A', 'a'))


def _what_else(file: BinaryIO) -> str:
    """Why a file is no image, in words."""
    file.seek(0)
    start = file.read(4)
    if not start:
        return 'it is empty'
    if start == b'%!PS':
        return 'PostScript is a program, not an image'
    return f'no image of the formats {", ".join(readable_formats())}'


def read_file(path: str, max_pixels: float | None = MAX_PIXELS, backend_args: dict | None = None) -> bytes:
    """Content of an image file; a large one is read only if its header allows it.

    Args:
        path: On a disk, or in any storage that MMEngine's file client knows.
        max_pixels: As in :func:`open_image`.
        backend_args: Of MMEngine's file back end.

    Raises:
        OSError: There is no such file, or as in :func:`open_image`.
    """
    info = _local_info(path)
    if info and not stat.S_ISREG(info.st_mode):
        raise OSError('it is no regular file')
    if info and info.st_size > LARGE_FILE:
        with open(path, 'rb') as file:
            open_image(file, max_pixels)
    return fileio.get(path, backend_args=backend_args)


def _local_info(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except (OSError, ValueError):  # of another storage, or missing
        return None


def check_ends(path: str, max_pixels: float | None = MAX_PIXELS, backend_args: dict | None = None) -> None:
    """Look at the first and the last bytes of an image file, without decoding it.

    Finds files that are missing, empty, no images, too large or, of JPEG and PNG, cut off. Arguments as
    :func:`read_file`.

    Raises:
        OSError: What was found.
    """
    is_local = _local_info(path) is not None
    with open(path, 'rb') if is_local else io.BytesIO(fileio.get(path, backend_args=backend_args)) as file:
        image = open_image(file, max_pixels)
        mark = LAST_BYTES.get(str(image.format))
        if mark is None:
            return
        start, size = file.tell(), file.seek(0, os.SEEK_END)  # a JPEG's header may hold a whole small JPEG
        # Other things may follow the image, rarely so many of them.
        for place in (max(start, size - TAIL), start):
            file.seek(place)
            if mark in file.read():
                return
    raise OSError('it is cut off')
