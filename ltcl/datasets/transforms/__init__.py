"""Transforms of images."""

from .auto_augment import CIFAR10AutoAugment, apply_operation
from .blocks import BLOCKS
from .cutout import Cutout, cutout_mask
from .eval_view import EvalView
from .load_image import LoadImage, decode_rgb
from .map_labels import MapLabels
from .rand_augment import RandAugment, apply_rand_operation, rand_argument
from .views import Views

__all__ = [
    'BLOCKS',
    'CIFAR10AutoAugment',
    'Cutout',
    'EvalView',
    'LoadImage',
    'MapLabels',
    'RandAugment',
    'Views',
    'apply_operation',
    'apply_rand_operation',
    'cutout_mask',
    'decode_rgb',
    'rand_argument',
]
