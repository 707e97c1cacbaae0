"""Data sets, samplers and transforms; importing this package registers them."""

from . import samplers, transforms  # noqa: F401  (their import registers them)
from .cifar_lt import CIFAR10LT, CIFAR100LT
from .fashion_mnist_lt import FashionMNISTLT
from .long_tail import class_counts_exponential, class_counts_step, sample_held_out, sample_long_tail
from .long_tail_mixin import LongTailMixin
from .long_tailed_dataset import LongTailedDataset

__all__ = [
    'CIFAR10LT',
    'CIFAR100LT',
    'FashionMNISTLT',
    'LongTailMixin',
    'LongTailedDataset',
    'class_counts_exponential',
    'class_counts_step',
    'sample_held_out',
    'sample_long_tail',
]
