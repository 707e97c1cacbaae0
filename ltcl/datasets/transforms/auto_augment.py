"""AutoAugment with the policy learned on CIFAR-10, as the CIFAR-LT recipes apply it."""

import random
from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from ltcl.registry import TRANSFORMS

from . import pil_operations as pil
from .operation import GradedOperation, Operation, Options

NUM_LEVELS = 10
GREY = (128, 128, 128)


def _levels(first: float, last: float) -> list[float]:
    return np.linspace(first, last, NUM_LEVELS).tolist()


def _geometric(name: str, largest: float, is_signed: bool = True) -> GradedOperation:
    arguments = _levels(0, largest)
    return GradedOperation(name, lambda level, sign: (sign if is_signed else 1) * arguments[level], is_signed, True)


def _enhancement(name: str) -> GradedOperation:
    strengths = _levels(0, 0.9)
    return GradedOperation(name, lambda level, sign: 1 + sign * strengths[level], is_signed=True)


def _listed(name: str, arguments: Sequence[float]) -> GradedOperation:
    return GradedOperation(name, lambda level, _: arguments[level])


OPERATIONS = {
    'shearX': _geometric('shear_x', 0.3),
    'shearY': _geometric('shear_y', 0.3),
    'translateX': _geometric('translate_x', 150 / 331),
    'translateY': _geometric('translate_y', 150 / 331),
    'rotate': _geometric('rotate', 30, is_signed=False),
    'color': _enhancement('color'),
    'contrast': _enhancement('contrast'),
    'sharpness': _enhancement('sharpness'),
    'brightness': _enhancement('brightness'),
    'posterize': _listed('posterize', [8, 8, 7, 7, 6, 6, 5, 5, 4, 4]),
    'solarize': _listed('solarize', _levels(256, 0)),
    'autocontrast': GradedOperation('autocontrast'),
    'equalize': GradedOperation('equalize'),
    'invert': GradedOperation('invert'),
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
    """An operation of the policy, ready for a back end; pixels from outside the image are grey, 128.

    Args:
        name: Key of ``OPERATIONS``.
        level: Strength, 0..9.
        sign: 1 or -1, multiplies the argument of shears, translations and enhancements. Rotation and the operations
            without a direction ignore it.
    """
    resample = pil.Resampling.BICUBIC if name.startswith('shear') else pil.Resampling.NEAREST
    return OPERATIONS[name].at(level, sign, resample, GREY)


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
