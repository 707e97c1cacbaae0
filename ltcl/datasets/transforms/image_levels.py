"""How much of the 256 levels an image file uses, once it is read."""

import io

import numpy as np
from mmcv.transforms import BaseTransform

from .bit_depth import is_deep, stored_extremes
from .image_files import open_image, read_file
from .load_image import LoadImage

DARK = 32  # a file of 13 bits in 16 reaches it
FLAT = 16
SIDE = 256


def darkness_of(path: str, loader: BaseTransform) -> str | None:
    """Whether an image is nearly black or flat as a network will see it.

    Args:
        path: Of the file.
        loader: What reads it, such as ``ltcl.LoadImage`` or mmcv's ``LoadImageFromFile``.

    Returns:
        Its levels in words if it is nearly black or flat, None if it is not, '' if it cannot be read. A thousandth of
        the pixels, the darkest and the brightest, does not count.
    """
    try:
        image = loader.read(path) if isinstance(loader, LoadImage) else loader(dict(img_path=path))['img']
    except Exception:  # what a broken file does is the option broken's
        return ''
    step = max(1, min(image.shape[:2]) // SIDE)
    low, high = np.percentile(image[::step, ::step], (0.1, 99.9)).astype(int)
    return f'levels {low} to {high} of 255' if high <= DARK or high - low <= FLAT else None


def remedy_of(path: str, loader: LoadImage) -> str:
    """What to do about a file that is nearly black or flat."""
    content = read_file(path, loader.max_pixels, loader.backend_args)
    with open_image(io.BytesIO(content), loader.max_pixels) as image:
        if is_deep(image):
            low, high = stored_extremes(image, content)
            return (
                f'its values go from {low:g} to {high:g}: set value_range=(low, high) of ltcl.LoadImage to those that '
                'are to become black and white in all images'
            )
        if 'transparency' in image.info or image.mode.endswith('A'):
            return 'it is transparent: set background=(255, 255, 255) of ltcl.LoadImage'
    return 'look at them'
