"""Which sample comes when, and with which randomness."""

from .class_aware import ClassAwareSampler
from .class_balanced import ClassBalancedSampler, ProgressivelyBalancedSampler
from .priority import ClassPrioritySampler, InstancePrioritySampler
from .priority_base import PrioritySampler
from .seeded import SeededDataset, SeededIndex, SeededSampler, seed_generators

__all__ = [
    'ClassAwareSampler',
    'ClassBalancedSampler',
    'ClassPrioritySampler',
    'InstancePrioritySampler',
    'PrioritySampler',
    'ProgressivelyBalancedSampler',
    'SeededDataset',
    'SeededIndex',
    'SeededSampler',
    'seed_generators',
]
