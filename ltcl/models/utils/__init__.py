"""Parts that several heads share."""

from .class_counts import ClassCountsMixin
from .data_preprocessor import MultiViewDataPreprocessor
from .gather import gather, gather_with_grad
from .queue import FeatureQueue
from .shuffle_bn import forward_shuffled

__all__ = [
    'ClassCountsMixin',
    'FeatureQueue',
    'MultiViewDataPreprocessor',
    'forward_shuffled',
    'gather',
    'gather_with_grad',
]
