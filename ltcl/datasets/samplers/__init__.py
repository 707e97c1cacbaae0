"""Which sample comes when, and with which randomness."""

from .seeded import SeededDataset, SeededIndex, SeededSampler, seed_generators

__all__ = ['SeededDataset', 'SeededIndex', 'SeededSampler', 'seed_generators']
