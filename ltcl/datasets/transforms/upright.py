"""Pictures that a camera was turned for: the EXIF tag says how they are looked at."""

import numpy as np
from PIL import ExifTags, Image

from .tiff_header import TiffHeader

AS_IT_LIES = 1
# By the value of the tag: quarter turns to the left; and those whose result is mirrored, left for right.
QUARTERS = {1: 0, 2: 0, 3: 2, 4: 2, 5: 3, 6: 3, 7: 1, 8: 1}
MIRRORED = (2, 4, 5, 7)


def turn_of(image: Image.Image | TiffHeader) -> int:
    """The value of the EXIF tag of an image, 1 where there is none that is known."""
    if not isinstance(image, Image.Image):
        return AS_IT_LIES
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, AS_IT_LIES)
    # Pillow raises what it likes on damaged tags, which viewers pass over.
    except Exception:
        return AS_IT_LIES
    return value if value in QUARTERS else AS_IT_LIES


def turned(image: np.ndarray, turn: int) -> np.ndarray:
    """An image as it is looked at.

    Args:
        image: Shape (H, W, ...).
        turn: The value of its EXIF tag.
    """
    image = np.rot90(image, QUARTERS[turn])
    return np.ascontiguousarray(image[:, ::-1] if turn in MIRRORED else image)


def upright_rgb(image: Image.Image) -> Image.Image:
    """An open picture as it is looked at, in RGB.

    ``PIL.ImageOps.exif_transpose`` writes the other tags anew, and fails where one of them is damaged.

    Args:
        image: The picture.
    """
    pixels = np.asarray(image.convert('RGB'))  # read before its tag: Pillow turns TIFF files as it reads them
    return Image.fromarray(turned(pixels, turn_of(image)))
