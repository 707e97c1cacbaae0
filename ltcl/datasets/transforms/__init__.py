"""Transforms of images."""

from .auto_augment import CIFAR10AutoAugment, apply_operation
from .cutout import Cutout, cutout_mask

__all__ = ['CIFAR10AutoAugment', 'Cutout', 'apply_operation', 'cutout_mask']
