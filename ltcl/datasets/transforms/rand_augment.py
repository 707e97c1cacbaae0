"""RandAugment as the ImageNet-LT recipes apply it."""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from ltcl.errors import UserError
from ltcl.registry import TRANSFORMS

from . import pil_operations as pil
from .operation import GradedOperation, Operation, Options
from .pil_operations import Fill, Resampling

MAX_LEVEL = 10
IMAGENET_MEAN = (124, 116, 104)


def _geometric(name: str, largest: float) -> GradedOperation:
    return GradedOperation(name, lambda level, sign: sign * level / MAX_LEVEL * largest, True, True)


def _truncated(name: str, largest: int) -> GradedOperation:
    return GradedOperation(name, lambda level, _: int(level / MAX_LEVEL * largest))


def _decreasing(name: str, largest: int) -> GradedOperation:
    return GradedOperation(name, lambda level, _: largest - int(level / MAX_LEVEL * largest))


def _enhancement(name: str) -> GradedOperation:
    return GradedOperation(name, lambda level, _: level / MAX_LEVEL * 1.8 + 0.1)


def _signed_enhancement(name: str) -> GradedOperation:
    return GradedOperation(name, lambda level, sign: max(0.1, 1 + sign * level / MAX_LEVEL * 0.9), is_signed=True)


# Arguments: degrees of the rotation, bits that posterising keeps, threshold or addend of solarising, factor of an
# enhancement or a shear, share of the side of a translation.
OPERATIONS = {
    'AutoContrast': GradedOperation('autocontrast'),
    'Equalize': GradedOperation('equalize'),
    'Invert': GradedOperation('invert'),
    'Rotate': _geometric('rotate', 30),
    'Posterize': _truncated('posterize', 4),
    'Solarize': _truncated('solarize', 256),
    'SolarizeAdd': _truncated('solarize_add', 110),
    'Color': _enhancement('color'),
    'Contrast': _enhancement('contrast'),
    'Brightness': _enhancement('brightness'),
    'Sharpness': _enhancement('sharpness'),
    'ShearX': _geometric('shear_x', 0.3),
    'ShearY': _geometric('shear_y', 0.3),
    'TranslateX': _geometric('translate_x', 0.45),
    'TranslateY': _geometric('translate_y', 0.45),
}
# Here a higher level never changes an image less.
INCREASING_OPERATIONS = OPERATIONS | {
    'Posterize': _decreasing('posterize', 4),
    'Solarize': _decreasing('solarize', 256),
    **{name: _signed_enhancement(name.lower()) for name in ('Color', 'Contrast', 'Brightness', 'Sharpness')},
}


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
        increasing: Take the set in which a higher level never changes an image less, as in MAE's recipe: there an
            enhancement has a direction, and posterising and solarising grow with the level.
        resampling: Interpolations to draw from: 'nearest', 'bilinear', 'bicubic'.

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
        increasing: bool = False,
        resampling: Sequence[str] = ('bilinear', 'bicubic'),
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
        self.fill: Any = tuple(fill)
        self.increasing = increasing
        self.resampling = [Resampling[name.upper()] for name in resampling]

    def draw_names(self) -> list[str]:
        """Names of the operations for the next image, in order."""
        names = list(OPERATIONS)
        return [names[position] for position in np.random.choice(len(names), self.num_layers)]

    def draw_level(self) -> float:
        """Level of the next operation."""
        return min(max(random.gauss(self.magnitude, self.magnitude_std), 0), MAX_LEVEL)

    def draw(self, *_: int | Options) -> list[Operation]:
        """Operations for the next image, whatever its size."""
        operations = INCREASING_OPERATIONS if self.increasing else OPERATIONS
        names = (name for name in self.draw_names() if random.random() <= self.prob)
        return [self._draw_strength(operations[name]) for name in names]

    def _draw_strength(self, operation: GradedOperation) -> Operation:
        level = self.draw_level()
        sign = random.choice((1, -1)) if operation.is_signed else 1
        return operation.at(level, sign, *(self._draw_how() if operation.is_geometric else ()))

    def _draw_how(self) -> tuple[Resampling, Fill]:
        return random.choice(self.resampling), self.fill

    def transform(self, results: dict) -> dict:
        """Change ``results['img']``."""
        results['img'] = pil.apply(pil.pillow_image(results, self), self.draw())
        return results
