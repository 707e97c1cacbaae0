"""Data sets, samplers and transforms; importing this package registers them."""

from .. import quiet_mmpretrain  # noqa: F401  (before it is imported with its remark)
from . import sample_pickling, samplers, transforms  # noqa: F401  (their import registers them)
from .cached_features import CachedFeatures
from .cifar_lt import CIFAR10LT, CIFAR100LT
from .image_folder import ImageFolderDataset
from .image_list import ImageListDataset
from .long_tail import class_counts_exponential, class_counts_step, sample_held_out, sample_long_tail
from .long_tail_mixin import LongTailMixin
from .long_tailed_dataset import LongTailedDataset
from .own_images import OwnImages
from .robustness import CorruptedImages, ImageNetC, ImageNetR, ImageNetSketch
from .stratified_split import stratified_split
from .svhn_lt import SVHNLT

__all__ = [
    'CIFAR10LT',
    'CIFAR100LT',
    'SVHNLT',
    'CachedFeatures',
    'CorruptedImages',
    'ImageFolderDataset',
    'ImageListDataset',
    'ImageNetC',
    'ImageNetR',
    'ImageNetSketch',
    'LongTailMixin',
    'LongTailedDataset',
    'OwnImages',
    'class_counts_exponential',
    'class_counts_step',
    'sample_held_out',
    'sample_long_tail',
    'stratified_split',
]
