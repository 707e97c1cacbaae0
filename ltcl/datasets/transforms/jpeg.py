"""JPEG files by OpenCV, and the damage that libjpeg covers up."""

import functools
import os
import re
import tempfile
import threading
from collections.abc import Callable
from typing import BinaryIO

import cv2
import numpy as np

COLOR = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
DAMAGE = re.compile(r'^Corrupt JPEG data: (?P<what>.*)\n?', re.MULTILINE)
# Some cameras leave a byte or two behind the last pixel; nothing of the picture is lost.
HARMLESS = re.compile(r'[12] extraneous bytes before marker 0xd9')
_LOCK = threading.Lock()


def decode_jpeg(content: bytes, flags: int = COLOR) -> tuple[np.ndarray | None, str | None]:
    """Decode a JPEG file as Pillow does, by the same library, without Pillow's copies.

    libjpeg goes on after damaged data: the rest of the picture is shifted, of other colours, or grey. It says so on
    standard error only, where it is caught. Damage that leaves as much data as there should be goes unnoticed.

    Args:
        content: Bytes of the file.
        flags: Of ``cv2.imdecode``.

    Returns:
        The pixels, RGB (H, W, 3), uint8, with the default flags, or None if the file ends too early; and libjpeg's
        words on damage within it, or None.
    """
    image, text = _call_caught(lambda: cv2.imdecode(np.frombuffer(content, np.uint8), flags))
    damage = [match['what'] for match in DAMAGE.finditer(text) if not HARMLESS.fullmatch(match['what'])]
    if image is not None and image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    return image, damage[0] if damage else None


def find_damage(content: bytes) -> str | None:
    """libjpeg's words on damage within a JPEG file, for kinds that another library decodes; see :func:`decode_jpeg`."""
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
