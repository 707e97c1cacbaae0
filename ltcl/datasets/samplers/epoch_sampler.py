"""What the class-wise samplers share: labels, seed, one common order per epoch, an equal share for each process."""

import math
import random
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Dataset, Sampler

from ltcl.errors import UserError

from .labels import labels_of


class EpochSampler(Sampler):
    """Draws the order of an epoch from labels, seed and epoch; each process takes every ``world_size``-th index.

    All processes draw the same order. It is a function of seed and epoch, so a resumed run continues the order that was
    interrupted. Classes without an image are left out.

    Args:
        dataset: Data set whose labels :func:`~ltcl.datasets.samplers.labels.labels_of` finds.
        seed: Seed of the order, the same on each process; None draws one. mmengine passes the seed of the run.
        num_samples: Indices per epoch of all processes together; None for as many as there are images. If the number of
            processes does not divide it, the start of the order is repeated at its end.

    Raises:
        UserError: The data set has no labels, several of an image, or no image, or ``num_samples`` is below 1.
    """

    def __init__(self, dataset: Dataset, seed: int | None = None, num_samples: int | None = None) -> None:
        name = type(self).__name__
        remedy = f"{name} draws by class: set train_dataloader.sampler=dict(type='DefaultSampler', shuffle=True)"
        labels = labels_of(dataset, remedy)
        if not len(labels):
            raise UserError(f'{name} has nothing to draw: the data set has no image')
        if num_samples is not None and num_samples < 1:
            raise UserError(f'num_samples of {name} must be at least 1, got {num_samples}')
        # Numbered without gaps.
        self.labels = np.unique(labels, return_inverse=True)[1]
        self.class_counts = np.bincount(self.labels)
        self.seed = sync_random_seed() if seed is None else seed
        self.num_samples = num_samples or len(labels)
        self.epoch = 0
        self.rank, self.world_size = get_dist_info()

    @staticmethod
    def frequency_power(arguments: Mapping) -> float | None:
        """Power of the class sizes to which the drawn class mix is proportional; None where it changes."""
        return None

    @abstractmethod
    def draw(self) -> np.ndarray:
        """Indices of all processes in ``self.epoch``, int64, shape (num_samples,)."""

    def __iter__(self) -> Iterator[int]:
        """Indices of this process in this epoch."""
        order = np.resize(self.draw(), len(self) * self.world_size)
        return iter(order[self.rank :: self.world_size].tolist())

    def __len__(self) -> int:
        """Number of indices of this process in an epoch."""
        return math.ceil(self.num_samples / self.world_size)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, counted from 0, before it is iterated."""
        self.epoch = epoch

    def generator(self) -> np.random.Generator:
        """Fresh randomness of this epoch."""
        return np.random.default_rng((self.seed, self.epoch))


class ShuffledCycle:
    """Endless walk through shuffled items; they are shuffled anew each time all were seen.

    Args:
        items: What to walk through, at least one.
        rng: Where the shuffles come from; several walks may share it.
    """

    def __init__(self, items: Iterable[int], rng: random.Random) -> None:
        self.items = list(items)
        self.rng = rng
        self.position = len(self.items)

    def take(self) -> int:
        """The next item."""
        if self.position == len(self.items):
            self.position = 0
            self.rng.shuffle(self.items)
        self.position += 1
        return self.items[self.position - 1]


def class_cycles(labels: np.ndarray, rng: random.Random) -> list[ShuffledCycle]:
    """One walk per class through the positions of its label.

    Args:
        labels: Class of each sample, each of 0..num_classes-1 at least once, shape (N,).
        rng: Where the shuffles come from.
    """
    pools = np.split(np.argsort(labels, kind='stable'), np.cumsum(np.bincount(labels))[:-1])
    return [ShuffledCycle(pool.tolist(), rng) for pool in pools]
