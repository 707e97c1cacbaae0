"""Transforms of images."""

from .auto_augment import CIFAR10AutoAugment
from .cutout import Cutout, cutout_mask
from .eval_view import EvalView
from .load_image import LoadImage, decode_rgb
from .map_labels import MapLabels
from .map_own_labels import MapOwnLabels
from .rand_augment import RandAugment
from .recipes import RECIPES
from .views import Views

__all__ = [
    'RECIPES',
    'CIFAR10AutoAugment',
    'Cutout',
    'EvalView',
    'LoadImage',
    'MapLabels',
    'MapOwnLabels',
    'RandAugment',
    'Views',
    'cutout_mask',
    'decode_rgb',
]
