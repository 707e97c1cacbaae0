"""Data sets, samplers and transforms; importing this package registers them."""

from . import samplers, transforms  # noqa: F401  (their import registers them)
from .cifar_lt import CIFAR10LT, CIFAR100LT
from .fashion_mnist_lt import FashionMNISTLT
from .image_list import ImageListDataset, read_image_list
from .long_tail import class_counts_exponential, class_counts_step, sample_held_out, sample_long_tail
from .long_tail_mixin import LongTailMixin
from .long_tailed_dataset import LongTailedDataset

__all__ = [
    'CIFAR10LT',
    'CIFAR100LT',
    'FashionMNISTLT',
    'ImageListDataset',
    'LongTailMixin',
    'LongTailedDataset',
    'class_counts_exponential',
    'class_counts_step',
    'read_image_list',
    'sample_held_out',
    'sample_long_tail',
]
