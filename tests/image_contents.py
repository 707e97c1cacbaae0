"""Image files of many kinds as bytes, made by hand where no library writes them."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

RAMP = np.tile(np.linspace(0, 255, 64).round().astype(np.uint8), (32, 1))
COLOURS = np.stack([RAMP, RAMP[:, ::-1], np.full_like(RAMP, 128)], 2)


def encode(image: Image.Image | np.ndarray, kind: str, **options: object) -> bytes:
    """The bytes of a file of one of Pillow's formats."""
    image = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png(width: int, height: int, bits: int, colour_type: int, rows: bytes, **chunks: bytes) -> bytes:
    """A PNG file, with further chunks before the pixels; ``rows`` begin with a byte for their filter."""
    header = struct.pack('>IIBBBBB', width, height, bits, colour_type, 0, 0, 0)
    parts = dict(IHDR=header, **chunks, IDAT=zlib.compress(rows), IEND=b'')
    return b'\x89PNG\r\n\x1a\n' + b''.join(_chunk(name.encode(), body) for name, body in parts.items())


def png_of_16_bits(values: np.ndarray, **chunks: bytes) -> bytes:
    """A PNG file of 16 bits: grey (H, W), grey with transparency (H, W, 2) or colours (H, W, 3)."""
    colour_type = {0: 0, 2: 4, 3: 2}[0 if values.ndim == 2 else values.shape[2]]
    rows = b''.join(b'\0' + row.astype('>u2').tobytes() for row in values)
    return png(values.shape[1], values.shape[0], 16, colour_type, rows, **chunks)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack('>I', len(body)) + name + body + struct.pack('>I', zlib.crc32(name + body))


def tiff(body: bytes, **tags: int) -> bytes:
    """A TIFF file whose pixels begin at byte 200; ``tags`` by their number, as ``_256=64``."""
    entries = b''.join(struct.pack('<HHII', int(name[1:]), 4, 1, value) for name, value in tags.items())
    return (b'II*\0' + struct.pack('<IH', 8, len(tags)) + entries + bytes(4)).ljust(200, b'\0') + body


def damage(content: bytes, patch: bytes, place: float = 0.5) -> bytes:
    """The same file with some bytes replaced at a share of its length."""
    start = int(place * len(content))
    return content[:start] + patch + content[start + len(patch) :]
