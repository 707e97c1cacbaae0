"""JPEG files by OpenCV, and the damage that libjpeg covers up."""

import functools
import os
import re
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import BinaryIO

import cv2
import numpy as np

COLOR = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
# At a part of the size, which libjpeg makes of the frequencies, without decoding the whole.
REDUCED_COLOR = {
    2: cv2.IMREAD_REDUCED_COLOR_2 | cv2.IMREAD_IGNORE_ORIENTATION,
    4: cv2.IMREAD_REDUCED_COLOR_4 | cv2.IMREAD_IGNORE_ORIENTATION,
    8: cv2.IMREAD_REDUCED_COLOR_8 | cv2.IMREAD_IGNORE_ORIENTATION,
}
DAMAGE = re.compile(r'^Corrupt JPEG data: (?P<what>.*)\n?', re.MULTILINE)
# Some cameras leave a byte or two behind the last pixel; nothing of the picture is lost.
HARMLESS = re.compile(r'[12] extraneous bytes before marker 0xd9')
SEQUENTIAL, HUFFMAN_TABLES, SCAN, END = (0xC0, 0xC1), 0xC4, 0xDA, b'\xff\xd9'
NUM_LENGTHS = 16
HOLE = bytes(64)
_LOCK = threading.Lock()


def decode_jpeg(content: bytes, flags: int = COLOR) -> tuple[np.ndarray | None, str | None]:
    """Decode a JPEG file as Pillow does, by the same library, without Pillow's copies.

    libjpeg goes on after damaged data: the rest of the picture is shifted, of other colours, or grey. It says so on
    standard error only, where it is caught, and only where data are left over or missing in the end. Zeros, which a
    disk or a download leaves in place of a block, often decode to as many pixels, so they are looked for.

    Args:
        content: Bytes of the file.
        flags: Of ``cv2.imdecode``.

    Returns:
        The pixels, RGB (H, W, 3), uint8, with the default flags, or None if the file ends too early; and the damage
        within it in words, or None if none was found.
    """
    image, text = _call_caught(lambda: cv2.imdecode(np.frombuffer(content, np.uint8), flags))
    damage = [match['what'] for match in DAMAGE.finditer(text) if not HARMLESS.fullmatch(match['what'])]
    if image is not None and image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    return image, damage[0] if damage else find_hole(content)


def find_hole(content: bytes) -> str | None:
    """Zeros in the pixels' data of a JPEG file, in words, where no encoder writes so many.

    Only where a code of zeros stands for a brightness that differs from 0: elsewhere a plain area is all zeros.
    """
    if HOLE not in content:
        return None
    pixels, first_symbol = _scan_of(content)
    end = content.find(END, pixels)
    hole = content.find(HOLE, pixels, end if end >= 0 else len(content))
    return f'a block of zeros at byte {hole}' if hole >= 0 and first_symbol % 16 else None


def _scan_of(content: bytes) -> tuple[int, int]:
    """Where the pixels of a JPEG file begin, and which symbol has the code of zeros in the first colour.

    The symbol, of run and size, is 0 for a file of several scans, whose codes mean something else.
    """
    symbols: dict[int, int] = {}
    place, is_sequential = 2, False
    while place + 4 <= len(content) and content[place] == 0xFF:
        marker, length = struct.unpack_from('>xBH', content, place)
        body = content[place + 4 : place + 2 + length]
        place += 2 + length
        if marker in SEQUENTIAL:
            is_sequential = True
        elif marker == HUFFMAN_TABLES:
            symbols |= dict(_first_symbols(body))
        elif marker == SCAN:
            return place, symbols.get(16 + body[2] % 16, 0) if is_sequential else 0
    return place, 0


def _first_symbols(body: bytes) -> Iterator[tuple[int, int]]:
    """Kind and number of each Huffman table, and its first symbol, which has the code of zeros."""
    while len(body) > NUM_LENGTHS + 1:
        yield body[0], body[NUM_LENGTHS + 1]
        body = body[1 + NUM_LENGTHS + sum(body[1 : 1 + NUM_LENGTHS]) :]


def find_damage(content: bytes) -> str | None:
    """Damage within a JPEG file in words, for kinds that another library decodes; see :func:`decode_jpeg`."""
    return decode_jpeg(content, cv2.IMREAD_REDUCED_GRAYSCALE_8)[1]


def _call_caught(function: Callable[[], np.ndarray | None]) -> tuple[np.ndarray | None, str]:
    """Call a function; what a C library prints on standard error meanwhile comes back as text.

    The descriptor belongs to the whole process, so only one thread catches at a time, and no other waits for it.
    """
    if not _LOCK.acquire(blocking=False):
        return function(), ''
    try:
        stderr = os.dup(2)
    except OSError:  # it is closed
        _LOCK.release()
        return function(), ''
    buffer = _buffer(os.getpid())
    os.dup2(buffer.fileno(), 2)
    try:
        result = function()
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        text = _drain(buffer)
        _LOCK.release()
    return result, text


@functools.cache
def _buffer(pid: int) -> BinaryIO:
    """Of one process: forked ones would share the position in the file."""
    return tempfile.TemporaryFile(buffering=0)


def _drain(buffer: BinaryIO) -> str:
    """Empty the buffer; lines that are not libjpeg's go where they were meant to go."""
    size = buffer.tell()
    if not size:
        return ''
    buffer.seek(0)
    text = buffer.read(size).decode(errors='replace')
    buffer.seek(0)
    buffer.truncate()
    if others := DAMAGE.sub('', text):
        os.write(2, others.encode())
    return text
