"""Operations on Pillow images that the learned and the random augmentation policies share.

A geometric operation takes the argument, the interpolation and the colour (RGB) of pixels from outside the image; a
grey image gets that colour's luminance. Every operation keeps size and mode.
"""

from collections.abc import Callable, Sequence

from mmcv.transforms import BaseTransform
from PIL import Image, ImageEnhance

from ltcl.errors import UserError

Fill = tuple[int, int, int]
Resampling = Image.Resampling


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


def _in_mode_of(image: Image.Image, fill: Fill) -> int | tuple[int, ...]:
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
