"""RandAugment as the ImageNet-LT recipes apply it."""

import random
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from mmcv.transforms import BaseTransform
from PIL import Image, ImageOps

from ltcl.errors import UserError
from ltcl.registry import TRANSFORMS

from . import pil_operations as pil
from .pil_operations import Fill, Resampling

MAX_LEVEL = 10
IMAGENET_MEAN = (124, 116, 104)
RESAMPLING = (Resampling.BILINEAR, Resampling.BICUBIC)


class RandOperation(NamedTuple):
    """An operation of the policy.

    Attributes:
        apply: Changes an image, given the argument if there is one and, if geometric, interpolation and fill colour.
        argument: Maps level / 10 to the argument; None where the operation takes none.
        is_geometric: Whether the argument is negated in half of the calls, and the interpolation is drawn.
    """

    apply: Callable[..., Image.Image]
    argument: Callable[[float], float] | None = None
    is_geometric: bool = False


def _scaled(largest: float) -> Callable[[float], float]:
    return lambda share: share * largest


def _truncated(largest: int) -> Callable[[float], float]:
    return lambda share: int(share * largest)


def _enhancement(share: float) -> float:
    return share * 1.8 + 0.1


RAND_OPERATIONS = {
    'AutoContrast': RandOperation(ImageOps.autocontrast),
    'Equalize': RandOperation(ImageOps.equalize),
    'Invert': RandOperation(ImageOps.invert),
    'Rotate': RandOperation(pil.rotate, _scaled(30), is_geometric=True),
    'Posterize': RandOperation(pil.posterize, _truncated(4)),
    'Solarize': RandOperation(ImageOps.solarize, _truncated(256)),
    'SolarizeAdd': RandOperation(pil.solarize_add, _truncated(110)),
    'Color': RandOperation(pil.color, _enhancement),
    'Contrast': RandOperation(pil.contrast, _enhancement),
    'Brightness': RandOperation(pil.brightness, _enhancement),
    'Sharpness': RandOperation(pil.sharpness, _enhancement),
    'ShearX': RandOperation(pil.shear_x, _scaled(0.3), is_geometric=True),
    'ShearY': RandOperation(pil.shear_y, _scaled(0.3), is_geometric=True),
    'TranslateX': RandOperation(pil.translate_x, _scaled(0.45), is_geometric=True),
    'TranslateY': RandOperation(pil.translate_y, _scaled(0.45), is_geometric=True),
}


def rand_argument(name: str, level: float) -> float | None:
    """Argument of an operation before its sign.

    Args:
        name: Key of ``RAND_OPERATIONS``.
        level: Strength, 0..10.

    Returns:
        Degrees of the rotation, bits that posterising keeps, threshold or addend of solarising, factor of an
        enhancement or a shear, share of the side of a translation; None where the operation takes none.
    """
    argument = RAND_OPERATIONS[name].argument
    return None if argument is None else argument(level / MAX_LEVEL)


def apply_rand_operation(
    image: Image.Image,
    name: str,
    level: float,
    sign: int = 1,
    resample: Resampling = Resampling.BILINEAR,
    fill: Fill = IMAGENET_MEAN,
) -> Image.Image:
    """Apply one operation of the policy.

    Args:
        image: RGB or grey picture, uint8.
        name: Key of ``RAND_OPERATIONS``.
        level: Strength, 0..10.
        sign: 1 or -1, multiplies the argument of a rotation, shear or translation; the others ignore it.
        resample: Interpolation of these.
        fill: Colour of pixels from outside the picture.

    Returns:
        A picture of the same size and mode.
    """
    operation, argument = RAND_OPERATIONS[name], rand_argument(name, level)
    if operation.is_geometric:
        return operation.apply(image, sign * argument, resample, fill)
    return operation.apply(image) if argument is None else operation.apply(image, argument)


@TRANSFORMS.register_module()
class RandAugment(BaseTransform):
    """A few of 15 operations, drawn uniformly with replacement; each takes place with the same probability.

    From `RandAugment: Practical automated data augmentation with a reduced search space
    <https://arxiv.org/abs/1909.13719>`_, in the form that the ImageNet-LT recipes of BCL, PaCo, GPaCo and ResCo ran
    with. It takes and gives Pillow images, like torchvision's transforms: put ``NumpyToPIL`` before it. NumPy's
    generator draws the operations, Python's the rest, as published.

    Args:
        num_layers: Operations drawn for each image.
        magnitude: Mean of the level, not negative. The level of each operation is drawn anew and clipped to 0..10, so
            at 10 half of them are 10.
        magnitude_std: Standard deviation of the level.
        prob: Probability with which a drawn operation takes place.
        fill: Colour (RGB) of pixels from outside the image, as published that of ImageNet's mean.

    Differs from mmpretrain's ``RandAugment``: bits and threshold are truncated, bilinear or bicubic interpolation is
    drawn for each operation, and Pillow does the work.

    Raises:
        UserError: An argument outside its range, or the image is not a Pillow image.
    """

    def __init__(
        self,
        num_layers: int = 2,
        magnitude: float = 10,
        magnitude_std: float = 0.5,
        prob: float = 0.5,
        fill: Fill = IMAGENET_MEAN,
    ) -> None:
        if num_layers < 1:
            raise UserError(f'num_layers of ltcl.RandAugment must be at least 1, got {num_layers}')
        if magnitude < 0 or magnitude_std < 0:
            raise UserError(
                'magnitude and magnitude_std of ltcl.RandAugment must not be negative, '
                f'got {magnitude} and {magnitude_std}'
            )
        if not 0 <= prob <= 1:
            raise UserError(f'prob of ltcl.RandAugment must lie in 0..1, got {prob}')
        self.num_layers = num_layers
        self.magnitude = magnitude
        self.magnitude_std = magnitude_std
        self.prob = prob
        self.fill = tuple(fill)

    def draw_operations(self) -> list[str]:
        """Names of the operations for the next image, in order."""
        names = list(RAND_OPERATIONS)
        return [names[position] for position in np.random.choice(len(names), self.num_layers)]

    def draw_level(self) -> float:
        """Level of the next operation."""
        return min(max(random.gauss(self.magnitude, self.magnitude_std), 0), MAX_LEVEL)

    def transform(self, results: dict) -> dict:
        """Change ``results['img']``."""
        image = pil.pillow_image(results, self)
        for name in self.draw_operations():
            if random.random() > self.prob:
                continue
            level, how = self.draw_level(), {}
            if RAND_OPERATIONS[name].is_geometric:
                how = dict(sign=random.choice((1, -1)), resample=random.choice(RESAMPLING), fill=self.fill)
            image = apply_rand_operation(image, name, level, **how)
        results['img'] = image
        return results
