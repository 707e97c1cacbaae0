"""Sampling with a probability per class."""

from collections.abc import Mapping

import numpy as np
from torch.utils.data import Dataset

from ltcl.errors import UserError
from ltcl.registry import DATA_SAMPLERS

from .epoch_sampler import EpochSampler


@DATA_SAMPLERS.register_module()
class ClassBalancedSampler(EpochSampler):
    """Draws a class with probability proportional to a power of its size, then any image of it, with replacement.

    From `Decoupling Representation and Classifier for Long-Tailed Recognition <https://arxiv.org/abs/1910.09217>`_,
    equation 1.

    Args:
        dataset: Data set with ``get_gt_labels``.
        q: Exponent of the class size: 0 is class-balanced, 0.5 square-root, 1 instance-balanced sampling.
        seed: Seed of the order, the same on each process; None draws one.
        num_samples: Indices per epoch of all processes together; None for as many as there are images.

    Example:
        >>> from types import SimpleNamespace
        >>> images = SimpleNamespace(get_gt_labels=lambda: [0] * 16 + [1] * 4)
        >>> ClassBalancedSampler(images, q=0.5, seed=0).class_probabilities()  # 4 to 2
        array([0.66666667, 0.33333333])
    """

    def __init__(
        self, dataset: Dataset, q: float = 0.0, seed: int | None = None, num_samples: int | None = None
    ) -> None:
        super().__init__(dataset, seed, num_samples)
        self.q = q

    @staticmethod
    def frequency_power(arguments: Mapping) -> float | None:
        """Power of the class sizes to which the drawn class mix is proportional."""
        return float(arguments.get('q', 0.0))

    def class_probabilities(self) -> np.ndarray:
        """Probability of each class that has an image, in this epoch."""
        # By the largest class, so that no power overflows.
        weights = (self.class_counts / self.class_counts.max()) ** self.q
        return weights / weights.sum()

    def draw(self) -> np.ndarray:
        """Indices of all processes in this epoch."""
        probabilities = (self.class_probabilities() / self.class_counts)[self.labels]
        return self.generator().choice(len(self.labels), self.num_samples, p=probabilities)


@DATA_SAMPLERS.register_module()
class ProgressivelyBalancedSampler(ClassBalancedSampler):
    """Moves from instance-balanced to class-balanced sampling in the course of the epochs.

    From `Decoupling Representation and Classifier for Long-Tailed Recognition <https://arxiv.org/abs/1910.09217>`_,
    equation 2: in epoch t of T, counted from 0, the class probabilities are ``(1 - t/T)`` times the natural ones plus
    ``t/T`` times the balanced ones.

    Args:
        dataset: Data set with ``get_gt_labels``.
        max_epochs: T, the epochs of the training.
        seed: Seed of the order, the same on each process; None draws one.
        num_samples: Indices per epoch of all processes together; None for as many as there are images.

    Raises:
        UserError: ``max_epochs`` is below 1.

    Example:
        >>> from types import SimpleNamespace
        >>> images = SimpleNamespace(get_gt_labels=lambda: [0, 0, 0, 1])
        >>> sampler = ProgressivelyBalancedSampler(images, max_epochs=2, seed=0)
        >>> sampler.class_probabilities()
        array([0.75, 0.25])
        >>> sampler.set_epoch(2)
        >>> sampler.class_probabilities()
        array([0.5, 0.5])
    """

    def __init__(
        self, dataset: Dataset, max_epochs: int, seed: int | None = None, num_samples: int | None = None
    ) -> None:
        super().__init__(dataset, q=0.0, seed=seed, num_samples=num_samples)
        if max_epochs < 1:
            raise UserError(f'max_epochs of ProgressivelyBalancedSampler must be at least 1, got {max_epochs}')
        self.max_epochs = max_epochs

    def class_probabilities(self) -> np.ndarray:
        """Probability of each class that has an image, in this epoch."""
        progress = min(self.epoch / self.max_epochs, 1)
        natural = self.class_counts / self.class_counts.sum()
        return (1 - progress) * natural + progress * super().class_probabilities()
