"""Parts that several heads share."""

from .class_counts import ClassCountsMixin
from .class_targets import ClassTargetsMixin
from .classwise_queue import ClasswiseQueue
from .data_preprocessor import MultiViewDataPreprocessor
from .gather import gather, gather_others, gather_with_grad
from .queue import FeatureQueue
from .shuffle_bn import forward_shuffled
from .target_files import cached_uniform_targets, checked_suffix, load_targets, save_targets
from .uniform_targets import search_targets, simplex, uniform_targets
from .uniformity import min_angle, published_search, published_steps, uniformity, uniformity_bound

__all__ = [
    'ClassCountsMixin',
    'ClassTargetsMixin',
    'ClasswiseQueue',
    'FeatureQueue',
    'MultiViewDataPreprocessor',
    'cached_uniform_targets',
    'checked_suffix',
    'forward_shuffled',
    'gather',
    'gather_others',
    'gather_with_grad',
    'load_targets',
    'min_angle',
    'published_search',
    'published_steps',
    'save_targets',
    'search_targets',
    'simplex',
    'uniform_targets',
    'uniformity',
    'uniformity_bound',
]
