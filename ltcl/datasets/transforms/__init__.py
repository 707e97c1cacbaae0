"""Transforms of images."""

from .auto_augment import CIFAR10AutoAugment, apply_operation
from .cutout import Cutout, cutout_mask
from .rand_augment import RandAugment, apply_rand_operation, rand_argument

__all__ = [
    'CIFAR10AutoAugment',
    'Cutout',
    'RandAugment',
    'apply_operation',
    'apply_rand_operation',
    'cutout_mask',
    'rand_argument',
]
