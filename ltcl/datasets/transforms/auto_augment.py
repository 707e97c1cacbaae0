"""AutoAugment with the policy learned on CIFAR-10, as the CIFAR-LT recipes apply it."""

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from mmcv.transforms import BaseTransform
from PIL import Image, ImageOps

from ltcl.registry import TRANSFORMS

from . import pil_operations as pil

NUM_LEVELS = 10
GREY = (128, 128, 128)


class Operation(NamedTuple):
    """An operation of the policy.

    Attributes:
        apply: Maps an image and an argument to the changed image.
        arguments: The argument at each of the levels 0..9; None where the operation takes none.
        is_signed: Whether the argument is negated in half of the calls.
    """

    apply: Callable[[Image.Image, float], Image.Image]
    arguments: Sequence[float | None]
    is_signed: bool = False


def _geometric(operation: Callable[..., Image.Image], resample: pil.Resampling) -> Callable[..., Image.Image]:
    return partial(operation, resample=resample, fill=GREY)


def _enhance(operation: Callable[[Image.Image, float], Image.Image]) -> Callable[[Image.Image, float], Image.Image]:
    return lambda image, change: operation(image, 1 + change)


def _without_argument(function: Callable[[Image.Image], Image.Image]) -> Operation:
    return Operation(lambda image, _: function(image), [None] * NUM_LEVELS)


def _levels(first: float, last: float) -> list[float]:
    return np.linspace(first, last, NUM_LEVELS).tolist()


OPERATIONS = {
    'shearX': Operation(_geometric(pil.shear_x, pil.Resampling.BICUBIC), _levels(0, 0.3), is_signed=True),
    'shearY': Operation(_geometric(pil.shear_y, pil.Resampling.BICUBIC), _levels(0, 0.3), is_signed=True),
    'translateX': Operation(_geometric(pil.translate_x, pil.Resampling.NEAREST), _levels(0, 150 / 331), is_signed=True),
    'translateY': Operation(_geometric(pil.translate_y, pil.Resampling.NEAREST), _levels(0, 150 / 331), is_signed=True),
    'rotate': Operation(_geometric(pil.rotate, pil.Resampling.NEAREST), _levels(0, 30)),
    'color': Operation(_enhance(pil.color), _levels(0, 0.9), is_signed=True),
    'contrast': Operation(_enhance(pil.contrast), _levels(0, 0.9), is_signed=True),
    'sharpness': Operation(_enhance(pil.sharpness), _levels(0, 0.9), is_signed=True),
    'brightness': Operation(_enhance(pil.brightness), _levels(0, 0.9), is_signed=True),
    'posterize': Operation(ImageOps.posterize, [8, 8, 7, 7, 6, 6, 5, 5, 4, 4]),
    'solarize': Operation(ImageOps.solarize, _levels(256, 0)),
    'autocontrast': _without_argument(ImageOps.autocontrast),
    'equalize': _without_argument(ImageOps.equalize),
    'invert': _without_argument(ImageOps.invert),
}

# Pairs of (probability, operation, level).
CIFAR10_POLICY = (
    ((0.1, 'invert', 7), (0.2, 'contrast', 6)),
    ((0.7, 'rotate', 2), (0.3, 'translateX', 9)),
    ((0.8, 'sharpness', 1), (0.9, 'sharpness', 3)),
    ((0.5, 'shearY', 8), (0.7, 'translateY', 9)),
    ((0.5, 'autocontrast', 8), (0.9, 'equalize', 2)),
    ((0.2, 'shearY', 7), (0.3, 'posterize', 7)),
    ((0.4, 'color', 3), (0.6, 'brightness', 7)),
    ((0.3, 'sharpness', 9), (0.7, 'brightness', 9)),
    ((0.6, 'equalize', 5), (0.5, 'equalize', 1)),
    ((0.6, 'contrast', 7), (0.6, 'sharpness', 5)),
    ((0.7, 'color', 7), (0.5, 'translateX', 8)),
    ((0.3, 'equalize', 7), (0.4, 'autocontrast', 8)),
    ((0.4, 'translateY', 3), (0.2, 'sharpness', 6)),
    ((0.9, 'brightness', 6), (0.2, 'color', 8)),
    ((0.5, 'solarize', 2), (0.0, 'invert', 3)),
    ((0.2, 'equalize', 0), (0.6, 'autocontrast', 0)),
    ((0.2, 'equalize', 8), (0.6, 'equalize', 4)),
    ((0.9, 'color', 9), (0.6, 'equalize', 6)),
    ((0.8, 'autocontrast', 4), (0.2, 'solarize', 8)),
    ((0.1, 'brightness', 3), (0.7, 'color', 0)),
    ((0.4, 'solarize', 5), (0.9, 'autocontrast', 3)),
    ((0.9, 'translateY', 9), (0.7, 'translateY', 9)),
    ((0.9, 'autocontrast', 2), (0.8, 'solarize', 3)),
    ((0.8, 'equalize', 8), (0.1, 'invert', 3)),
    ((0.7, 'translateY', 9), (0.9, 'autocontrast', 1)),
)


def apply_operation(image: Image.Image, name: str, level: int, sign: int = 1) -> Image.Image:
    """Apply one operation of the policy.

    Args:
        image: RGB or grey picture, uint8.
        name: Key of ``OPERATIONS``.
        level: Strength, 0..9.
        sign: 1 or -1, multiplies the argument of shears, translations and enhancements. Rotation and the operations
            without a direction ignore it.

    Returns:
        A picture of the same size. Pixels from outside the picture are grey, 128.
    """
    operation = OPERATIONS[name]
    argument = operation.arguments[level]
    return operation.apply(image, sign * argument if operation.is_signed else argument)


@TRANSFORMS.register_module()
class CIFAR10AutoAugment(BaseTransform):
    """One of 25 pairs of operations, drawn uniformly; each operation of it takes place with its own probability.

    From `AutoAugment: Learning Augmentation Policies from Data <https://arxiv.org/abs/1805.09501>`_. It takes and gives
    Pillow images, like torchvision's transforms: put ``NumpyToPIL`` before it. Randomness comes from Python's
    generator.

    Differs from torchvision's and mmpretrain's: rotation is never negated, shear is bicubic, pixels from outside are
    grey. This is what the CIFAR-LT recipes of PaCo ran with.

    Raises:
        UserError: The image is not a Pillow image.
    """

    def transform(self, results: dict) -> dict:
        """Change ``results['img']``."""
        image = pil.pillow_image(results, self)
        for probability, name, level in random.choice(CIFAR10_POLICY):
            if random.random() < probability:
                image = apply_operation(image, name, level, random.choice((1, -1)))
        results['img'] = image
        return results
