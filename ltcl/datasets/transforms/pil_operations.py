"""The operations of all augmentations on Pillow images: the back end that the published recipes ran with.

A geometric operation takes the argument, the interpolation and the colour (RGB) of pixels from outside the image; a
grey image gets that colour's luminance. Every operation but the crops keeps size and mode.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from PIL.Image import Resampling
from torchvision.transforms import functional as F

from ltcl.errors import UserError

from .operation import NAMES, Operation

Fill = tuple[int, int, int]


def pillow_image(results: dict, transform: BaseTransform) -> Image.Image:
    """The image of a sample, for a transform that takes Pillow images only.

    Raises:
        UserError: It is not a Pillow image.
    """
    image = results['img']
    if not isinstance(image, Image.Image):
        raise UserError(
            f"ltcl.{type(transform).__name__} got a {type(image).__name__}: put dict(type='NumpyToPIL') before it in "
            'the pipeline'
        )
    return image


def _in_mode_of(image: Image.Image, fill: Fill) -> Any:
    return fill if image.mode == 'RGB' else Image.new('RGB', (1, 1), fill).convert(image.mode).getpixel((0, 0))


def _affine(image: Image.Image, matrix: Sequence[float], resample: Resampling, fill: Fill) -> Image.Image:
    """The pixel at (x, y) comes from (a x + b y + c, d x + e y + f) of the image."""
    return image.transform(image.size, Image.Transform.AFFINE, matrix, resample, fillcolor=_in_mode_of(image, fill))


def shear_x(image: Image.Image, factor: float, resample: Resampling, fill: Fill) -> Image.Image:
    """Shift each row by ``factor`` times its number."""
    return _affine(image, (1, factor, 0, 0, 1, 0), resample, fill)


def shear_y(image: Image.Image, factor: float, resample: Resampling, fill: Fill) -> Image.Image:
    """Shift each column by ``factor`` times its number."""
    return _affine(image, (1, 0, 0, factor, 1, 0), resample, fill)


def translate_x(image: Image.Image, share: float, resample: Resampling, fill: Fill) -> Image.Image:
    """Shift to the left by a share of the width."""
    return _affine(image, (1, 0, share * image.width, 0, 1, 0), resample, fill)


def translate_y(image: Image.Image, share: float, resample: Resampling, fill: Fill) -> Image.Image:
    """Shift upwards by a share of the height."""
    return _affine(image, (1, 0, 0, 0, 1, share * image.height), resample, fill)


def rotate(image: Image.Image, degrees: float, resample: Resampling, fill: Fill) -> Image.Image:
    """Turn counter-clockwise about the centre."""
    return image.rotate(degrees, resample, fillcolor=_in_mode_of(image, fill))


def _enhance_with(enhancer: type) -> Callable[[Image.Image, float], Image.Image]:
    return lambda image, factor: enhancer(image).enhance(factor)


# Factor 0 takes the property away, 1 changes nothing, 2 doubles it.
color = _enhance_with(ImageEnhance.Color)
contrast = _enhance_with(ImageEnhance.Contrast)
brightness = _enhance_with(ImageEnhance.Brightness)
sharpness = _enhance_with(ImageEnhance.Sharpness)


def posterize(image: Image.Image, bits: int) -> Image.Image:
    """Keep the upper bits of each value; 0 of them, which Pillow refuses, are black."""
    mask = 256 - 2 ** (8 - bits)
    return image.point(lambda value: value & mask)


def solarize_add(image: Image.Image, addend: int) -> Image.Image:
    """Add to the values below 128, up to 255."""
    return image.point(lambda value: min(value + addend, 255) if value < 128 else value)


def resized_crop(
    image: Image.Image, box: tuple[int, int, int, int], size: int, resample: Resampling = Resampling.BILINEAR
) -> Image.Image:
    """Cut out a box (left, top, right, bottom) and resize it to a square."""
    return image.crop(box).resize((size, size), resample)


def padded_crop(image: Image.Image, left: int, top: int, size: int) -> Image.Image:
    """Cut out a square whose corner may lie outside of the image, where it is black."""
    return image.crop((left, top, left + size, top + size))


def grey(image: Image.Image) -> Image.Image:
    """Take the colours away."""
    return image.convert('L').convert(image.mode)


def blur(image: Image.Image, radius: float) -> Image.Image:
    """Blur by a Gaussian of that standard deviation in pixels, as Pillow approximates it."""
    return image.filter(ImageFilter.GaussianBlur(radius))


def cut_out(image: Image.Image, center_x: int, center_y: int, length: int) -> Image.Image:
    """Blacken a square, as far as it lies in the image."""
    image, half = image.copy(), length // 2
    black = _in_mode_of(image, (0, 0, 0))
    image.paste(black, (center_x - half, center_y - half, center_x + half, center_y + half))
    return image


autocontrast, equalize, flip = ImageOps.autocontrast, ImageOps.equalize, ImageOps.mirror
hue, invert, solarize = F.adjust_hue, ImageOps.invert, ImageOps.solarize
OPERATIONS = {name: globals()[name] for name in NAMES}


def apply(image: Image.Image, operations: Iterable[Operation]) -> Image.Image:
    """Apply drawn operations in their order."""
    for name, arguments in operations:
        image = OPERATIONS[name](image, *arguments)
    return image


def apply_to_array(image: np.ndarray, operations: Iterable[Operation]) -> np.ndarray:
    """Apply drawn operations to an array, (H, W, 3) or (H, W), uint8, which stays as it is."""
    return np.array(apply(Image.fromarray(image), operations))
