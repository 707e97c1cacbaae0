"""Class-aware sampling: every class in turn, whatever its size."""

import random
from collections.abc import Iterator, Mapping

import numpy as np
from torch.utils.data import Dataset

from ltcl.errors import UserError
from ltcl.registry import DATA_SAMPLERS

from .epoch_sampler import EpochSampler, ShuffledCycle, class_cycles


def class_aware_epochs(labels: np.ndarray, samples_per_class: int, num_samples: int, seed: int) -> Iterator[np.ndarray]:
    """Orders of the epochs, one after another; endless.

    Args:
        labels: Class of each sample, each of 0..num_classes-1 at least once, shape (N,).
        samples_per_class: Size of a group.
        num_samples: Indices per epoch; the last group is cut.
        seed: Seed of Python's generator, as published.

    Yields:
        Indices of an epoch, int64, shape (num_samples,).
    """
    rng = random.Random(seed)
    cycles = class_cycles(labels, rng)
    classes = ShuffledCycle(range(len(cycles)), rng)
    while True:
        order: list[int] = []
        while len(order) < num_samples:
            take = cycles[classes.take()].take
            order += [take() for _ in range(samples_per_class)]
        yield np.array(order[:num_samples])


@DATA_SAMPLERS.register_module()
class ClassAwareSampler(EpochSampler):
    """Groups of ``samples_per_class`` images of one class, the classes in shuffled rounds.

    From `Relay Backpropagation for Effective Learning of Deep Convolutional Neural Networks
    <https://arxiv.org/abs/1512.05830>`_; it trains the linear classifier of KCL and TSC. In each round of groups every
    class has one, and inside a class every image is drawn before one is drawn again. A round or a class that an epoch
    leaves unfinished goes on in the next epoch. An order is therefore replayed from the first epoch if the epochs are
    not asked for one after another, as after a resume.

    Args:
        dataset: Data set with ``get_gt_labels``.
        samples_per_class: Images of a class in a row, at least 1; a smaller class repeats some within its group.
        seed: Seed of the order, the same on each process; None draws one.
        num_samples: Indices per epoch of all processes together; None for as many as there are images, after which the
            published recipe stops. The published sampler goes on to the largest class times the number of classes.

    Raises:
        UserError: ``samples_per_class`` is below 1, or as in :class:`EpochSampler`.

    Example:
        >>> from types import SimpleNamespace
        >>> images = SimpleNamespace(get_gt_labels=lambda: [0, 0, 0, 0, 0, 0, 1, 1])
        >>> drawn = list(ClassAwareSampler(images, samples_per_class=1, seed=0))
        >>> sum(index >= 6 for index in drawn)  # half of the eight are of the class that has two images
        4
    """

    def __init__(
        self,
        dataset: Dataset,
        samples_per_class: int = 4,
        seed: int | None = None,
        num_samples: int | None = None,
    ) -> None:
        super().__init__(dataset, seed, num_samples)
        if samples_per_class < 1:
            raise UserError(f'samples_per_class of ClassAwareSampler must be at least 1, got {samples_per_class}')
        self.samples_per_class = samples_per_class
        self._rewind()

    @staticmethod
    def frequency_power(arguments: Mapping) -> float | None:
        """Power of the class sizes to which the drawn class mix is proportional."""
        return 0.0

    def _rewind(self) -> None:
        self._epochs = class_aware_epochs(self.labels, self.samples_per_class, self.num_samples, self.seed)
        self._drawn_epoch, self._drawn_seed = -1, self.seed

    def draw(self) -> np.ndarray:
        """Indices of all processes in this epoch."""
        if self.epoch < self._drawn_epoch or self.seed != self._drawn_seed:  # a resumed run has its own seed
            self._rewind()
        while self._drawn_epoch < self.epoch:
            self._order = next(self._epochs)
            self._drawn_epoch += 1
        return self._order
