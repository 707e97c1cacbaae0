"""Augmentation whose randomness is a function of seed, process, epoch and position in the epoch."""

import random
from collections.abc import Iterator
from itertools import count, islice
from typing import Any

import numpy as np
import torch
from mmengine.dist import get_rank
from torch.utils.data import Dataset, Sampler


def seed_generators(seed: int) -> None:
    """Seed the global generators of Python, NumPy and PyTorch.

    ``torch.manual_seed`` would also queue a call for every kind of device that is not in use, with a stack trace each:
    half a millisecond, more than a small image's augmentation.

    Example:
        >>> seed_generators(7)
        >>> first = random.random(), np.random.rand(), float(torch.rand(1))
        >>> seed_generators(7)
        >>> first == (random.random(), np.random.rand(), float(torch.rand(1)))
        True
    """
    random.seed(seed)
    np.random.seed(seed)
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized() and not torch.cuda._is_in_bad_fork():
        torch.cuda.manual_seed(seed)


class SeededIndex(int):
    """Position of a sample in its data set, with the seed of its augmentation.

    Example:
        >>> index = SeededIndex(3, seed=99)
        >>> index + 1, index.seed
        (4, 99)
    """

    seed: int

    def __new__(cls, index: int, seed: int) -> 'SeededIndex':
        """Attach a seed to an index."""
        self = super().__new__(cls, index)
        self.seed = seed
        return self

    def __reduce__(self) -> tuple:
        """Keep the seed on the way to a worker process."""
        return SeededIndex, (int(self), self.seed)


class SeededDataset(Dataset):
    """Seeds the generators before each sample is made; everything else is the wrapped data set's.

    Of a data set that repeats or joins others, ``sample_idx`` of a sample becomes its place among all, which a sampler
    knows it by.

    Example:
        >>> class Drawn(Dataset):
        ...     def __getitem__(self, index):
        ...         return random.random()
        >>> images = SeededDataset(Drawn())
        >>> images[SeededIndex(0, seed=1)] == images[SeededIndex(0, seed=1)]
        True
    """

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset
        self.is_joined = hasattr(dataset, '_get_ori_dataset_idx')

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.dataset)

    def __getitem__(self, index: int) -> dict:
        """The sample at an index, the same whichever worker makes it."""
        if isinstance(index, SeededIndex):
            seed_generators(index.seed)
        sample = self.dataset[int(index)]
        if self.is_joined and isinstance(sample, dict) and 'data_samples' in sample:
            sample['data_samples'].set_metainfo(dict(sample_idx=int(index)))
        return sample

    def __getattr__(self, name: str) -> object:
        """Whatever the wrapped data set has."""
        if name == 'dataset':  # not set yet while a worker unpickles
            raise AttributeError(name)
        return getattr(self.dataset, name)


class SeededSampler(Sampler):
    """Adds a seed per sample to any sampler, and starts where an interrupted run stopped.

    Args:
        sampler: The sampler whose order is kept.
        seed: Seed of the run.
        endless: Begin the next epoch of the sampler where one ends, for a loop that counts no epochs.

    Example:
        >>> first, second = (list(SeededSampler(range(3), seed=0)) for _ in range(2))
        >>> first
        [0, 1, 2]
        >>> [index.seed for index in first] == [index.seed for index in second]
        True
    """

    def __init__(self, sampler: Any, seed: int, endless: bool = False) -> None:
        self.sampler = sampler
        self.seed = seed
        self.endless = endless
        self.epoch = 0
        self.num_skipped = 0

    def __iter__(self) -> Iterator[SeededIndex]:
        """Indices of this process, from the first that is left."""
        pairs = zip(self._indices(), self._seeds(), strict=False)
        return (SeededIndex(index, seed) for index, seed in islice(pairs, self.num_skipped, None))

    def __len__(self) -> int:
        """Number of samples in a whole epoch."""
        return len(self.sampler)

    def _indices(self) -> Iterator[int]:
        if not self.endless:
            yield from self.sampler
            return
        for epoch in count():
            self.sampler.set_epoch(epoch)
            yield from self.sampler

    def _seeds(self) -> Iterator[int]:
        """One for each sample from the current epoch on, without end."""
        for epoch in count(self.epoch):
            generator = np.random.default_rng((self.seed, epoch, get_rank()))
            yield from generator.integers(2**32, size=len(self.sampler)).tolist()
