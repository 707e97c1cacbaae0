"""AutoAugment with the policy learned on CIFAR-10, as the CIFAR-LT recipes apply it."""

import random
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from mmcv.transforms import BaseTransform
from PIL import Image

from ltcl.registry import TRANSFORMS

from . import pil_operations as pil
from .operation import Operation, Options

NUM_LEVELS = 10
GREY = (128, 128, 128)


class PolicyOperation(NamedTuple):
    """An operation of the policy.

    Attributes:
        name: Key of a back end's ``OPERATIONS``.
        arguments: The argument at each of the levels 0..9; None where the operation takes none.
        is_signed: Whether the argument is negated in half of the calls.
        offset: Added to the argument after that.
        how: Interpolation and fill colour of a geometric operation.
    """

    name: str
    arguments: Sequence[float | None]
    is_signed: bool = False
    offset: float = 0
    how: tuple = ()


def _levels(first: float, last: float) -> list[float]:
    return np.linspace(first, last, NUM_LEVELS).tolist()


def _shear(name: str) -> PolicyOperation:
    return PolicyOperation(name, _levels(0, 0.3), is_signed=True, how=(pil.Resampling.BICUBIC, GREY))


def _translate(name: str) -> PolicyOperation:
    return PolicyOperation(name, _levels(0, 150 / 331), is_signed=True, how=(pil.Resampling.NEAREST, GREY))


def _enhance(name: str) -> PolicyOperation:
    return PolicyOperation(name, _levels(0, 0.9), is_signed=True, offset=1)


def _without_argument(name: str) -> PolicyOperation:
    return PolicyOperation(name, [None] * NUM_LEVELS)


OPERATIONS = {
    'shearX': _shear('shear_x'),
    'shearY': _shear('shear_y'),
    'translateX': _translate('translate_x'),
    'translateY': _translate('translate_y'),
    'rotate': PolicyOperation('rotate', _levels(0, 30), how=(pil.Resampling.NEAREST, GREY)),
    'color': _enhance('color'),
    'contrast': _enhance('contrast'),
    'sharpness': _enhance('sharpness'),
    'brightness': _enhance('brightness'),
    'posterize': PolicyOperation('posterize', [8, 8, 7, 7, 6, 6, 5, 5, 4, 4]),
    'solarize': PolicyOperation('solarize', _levels(256, 0)),
    'autocontrast': _without_argument('autocontrast'),
    'equalize': _without_argument('equalize'),
    'invert': _without_argument('invert'),
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


def policy_operation(name: str, level: int, sign: int = 1) -> Operation:
    """An operation of the policy, ready for a back end.

    Args:
        name: Key of ``OPERATIONS``.
        level: Strength, 0..9.
        sign: 1 or -1, multiplies the argument of shears, translations and enhancements. Rotation and the operations
            without a direction ignore it.
    """
    operation = OPERATIONS[name]
    argument = operation.arguments[level]
    if argument is None:
        return Operation(operation.name)
    signed = sign * argument if operation.is_signed else argument
    return Operation(operation.name, (operation.offset + signed, *operation.how))


def apply_operation(image: Image.Image, name: str, level: int, sign: int = 1) -> Image.Image:
    """Apply one operation of the policy.

    Args:
        image: RGB or grey picture, uint8.
        name: Key of ``OPERATIONS``.
        level: Strength, 0..9.
        sign: As in :func:`policy_operation`.

    Returns:
        A picture of the same size. Pixels from outside the picture are grey, 128.
    """
    return pil.apply(image, [policy_operation(name, level, sign)])


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

    def draw(self, *_: int | Options) -> list[Operation]:
        """Operations for the next image, whatever its size."""
        return [
            policy_operation(name, level, random.choice((1, -1)))
            for probability, name, level in random.choice(CIFAR10_POLICY)
            if random.random() < probability
        ]

    def transform(self, results: dict) -> dict:
        """Change ``results['img']``."""
        results['img'] = pil.apply(pil.pillow_image(results, self), self.draw())
        return results
