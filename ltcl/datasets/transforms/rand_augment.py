"""RandAugment as the ImageNet-LT recipes apply it."""

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from mmcv.transforms import BaseTransform
from PIL import Image

from ltcl.errors import UserError
from ltcl.registry import TRANSFORMS

from . import pil_operations as pil
from .operation import Operation, Options
from .pil_operations import Fill, Resampling

MAX_LEVEL = 10
IMAGENET_MEAN = (124, 116, 104)


class RandOperation(NamedTuple):
    """An operation of the policy.

    Attributes:
        name: Key of a back end's ``OPERATIONS``.
        argument: Maps level / 10 and a sign to the argument; None where the operation takes none.
        is_signed: Whether the sign is negative in half of the calls.
        is_geometric: Whether interpolation and fill colour follow the argument.
    """

    name: str
    argument: Callable[[float, int], float] | None = None
    is_signed: bool = False
    is_geometric: bool = False


def _geometric(name: str, largest: float) -> RandOperation:
    return RandOperation(name, lambda share, sign: sign * share * largest, is_signed=True, is_geometric=True)


def _truncated(name: str, largest: int) -> RandOperation:
    return RandOperation(name, lambda share, _: int(share * largest))


def _decreasing(name: str, largest: int) -> RandOperation:
    return RandOperation(name, lambda share, _: largest - int(share * largest))


def _enhancement(name: str) -> RandOperation:
    return RandOperation(name, lambda share, _: share * 1.8 + 0.1)


def _signed_enhancement(name: str) -> RandOperation:
    return RandOperation(name, lambda share, sign: max(0.1, 1 + sign * share * 0.9), is_signed=True)


RAND_OPERATIONS = {
    'AutoContrast': RandOperation('autocontrast'),
    'Equalize': RandOperation('equalize'),
    'Invert': RandOperation('invert'),
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
INCREASING_OPERATIONS = RAND_OPERATIONS | {
    'Posterize': _decreasing('posterize', 4),
    'Solarize': _decreasing('solarize', 256),
    **{name: _signed_enhancement(name.lower()) for name in ('Color', 'Contrast', 'Brightness', 'Sharpness')},
}


def rand_argument(name: str, level: float, sign: int = 1, increasing: bool = False) -> float | None:
    """Argument of an operation.

    Args:
        name: Key of ``RAND_OPERATIONS``.
        level: Strength, 0..10.
        sign: 1 or -1, the direction of an operation that has one; the others ignore it.
        increasing: Of the increasing set of operations.

    Returns:
        Degrees of the rotation, bits that posterising keeps, threshold or addend of solarising, factor of an
        enhancement or a shear, share of the side of a translation; None where the operation takes none.
    """
    argument = (INCREASING_OPERATIONS if increasing else RAND_OPERATIONS)[name].argument
    return None if argument is None else argument(level / MAX_LEVEL, sign)


def rand_operation(
    name: str,
    level: float,
    sign: int = 1,
    resample: Resampling = Resampling.BILINEAR,
    fill: Fill = IMAGENET_MEAN,
    increasing: bool = False,
) -> Operation:
    """An operation of the policy, ready for a back end.

    Args:
        name: Key of ``RAND_OPERATIONS``.
        level: Strength, 0..10.
        sign: 1 or -1, the direction of an operation that has one; the others ignore it.
        resample: Interpolation of a rotation, shear or translation.
        fill: Colour of pixels from outside the picture.
        increasing: Of the increasing set of operations.
    """
    argument = rand_argument(name, level, sign, increasing)
    arguments = () if argument is None else (argument,)
    if RAND_OPERATIONS[name].is_geometric:
        arguments += (resample, fill)
    return Operation(RAND_OPERATIONS[name].name, arguments)


def apply_rand_operation(image: Image.Image, name: str, level: float, sign: int = 1, **how: object) -> Image.Image:
    """Apply one operation of the policy.

    Args:
        image: RGB or grey picture, uint8.
        name: Key of ``RAND_OPERATIONS``.
        level: Strength, 0..10.
        sign: 1 or -1, the direction of an operation that has one.
        **how: As in :func:`rand_operation`.

    Returns:
        A picture of the same size and mode.
    """
    return pil.apply(image, [rand_operation(name, level, sign, **how)])


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
        self.fill = tuple(fill)
        self.increasing = increasing
        self.resampling = [Resampling[name.upper()] for name in resampling]

    def draw_operations(self) -> list[str]:
        """Names of the operations for the next image, in order."""
        names = list(RAND_OPERATIONS)
        return [names[position] for position in np.random.choice(len(names), self.num_layers)]

    def draw_level(self) -> float:
        """Level of the next operation."""
        return min(max(random.gauss(self.magnitude, self.magnitude_std), 0), MAX_LEVEL)

    def draw(self, *_: int | Options) -> list[Operation]:
        """Operations for the next image, whatever its size."""
        operations = INCREASING_OPERATIONS if self.increasing else RAND_OPERATIONS
        drawn = []
        for name in self.draw_operations():
            if random.random() > self.prob:
                continue
            level, how = self.draw_level(), {}
            if operations[name].is_signed:
                how['sign'] = random.choice((1, -1))
            if operations[name].is_geometric:
                how.update(resample=random.choice(self.resampling), fill=self.fill)
            drawn.append(rand_operation(name, level, increasing=self.increasing, **how))
        return drawn

    def transform(self, results: dict) -> dict:
        """Change ``results['img']``."""
        results['img'] = pil.apply(pil.pillow_image(results, self), self.draw())
        return results
