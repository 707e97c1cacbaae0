"""TIFF files whose pixels Pillow does not read: floats of 64 bits, colours of 32."""

import contextlib
import struct
from dataclasses import dataclass
from typing import BinaryIO

from PIL.TiffImagePlugin import PREFIXES, ImageFileDirectory_v2

WIDTH, HEIGHT, BITS_PER_SAMPLE = 256, 257, 258


@dataclass
class TiffHeader(contextlib.AbstractContextManager):
    """Stands for Pillow's opened image, as far as a header tells."""

    tag_v2: ImageFileDirectory_v2
    format: str = 'TIFF'
    mode: str = ''

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.tag_v2[WIDTH], self.tag_v2[HEIGHT]

    def close(self) -> None:
        """Nothing is open."""

    def __exit__(self, *error: object) -> None:
        """Nothing is open."""


def read_tiff_header(file: BinaryIO) -> TiffHeader | None:
    """Header of a TIFF file of more than 8 bits; None of any other file."""
    file.seek(0)
    start = file.read(8)
    if not start.startswith(tuple(PREFIXES)):
        return None
    try:
        tags = ImageFileDirectory_v2(start)
        file.seek(tags.next)
        tags.load(file)
    except (SyntaxError, OSError, ValueError, struct.error):
        return None
    is_deep = max(tags.get(BITS_PER_SAMPLE, (1,))) > 8
    return TiffHeader(tags) if is_deep and WIDTH in tags and HEIGHT in tags else None
