"""Sampling by designed weights mixed with priorities that follow the training."""

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
from torch.utils.data import Dataset

from ltcl.errors import UserError
from ltcl.registry import DATA_SAMPLERS

from .priority_base import PrioritySampler
from .priority_weights import draw_by_class, weighted_positions


@DATA_SAMPLERS.register_module()
class ClassPrioritySampler(PrioritySampler):
    """Draws a class by designed weight and priority, then the next image of the class's shuffled cycle.

    From the code of `Decoupling Representation and Classifier for Long-Tailed Recognition
    <https://arxiv.org/abs/1910.09217>`_. The weight of class c is ``(sum of w in c + fixed_scale * sum of the first w *
    M_c / sum of M) ** alpha``. With a negative ``fixed_scale`` the second term is missing and the first one is
    multiplied by ``M_c`` relative to the size of the class.

    Differs from the original: Priorities that change in the course of an epoch count from the next one on, and the
    cycles start anew with each epoch, so that an order depends on nothing but seed, epoch and priorities.

    Arguments are those of :class:`PrioritySampler`.

    Example:
        >>> from types import SimpleNamespace
        >>> images = SimpleNamespace(get_gt_labels=lambda: [0, 0, 0, 1])
        >>> ClassPrioritySampler(images, balance=1.0, manual_only=True, seed=0).weights()  # one share each
        array([2., 2.])
    """

    def weights(self) -> np.ndarray:
        """Weight of each class that has an image."""
        manual = self.manual_weights()
        if self.manual_only:
            return manual**self.alpha
        adaptive = np.bincount(self.labels, self._epoch_priorities)
        share = manual / manual.sum()
        if self.fixed_scale < 0:
            return (adaptive * share * len(self.labels) / self.class_counts) ** self.alpha
        return (adaptive + self.fixed_scale * self.max_priority * len(self.labels) * share) ** self.alpha

    def stream(self, rng: random.Random) -> Iterator[int]:
        """Endless indices of this epoch."""
        return draw_by_class(self.labels, self.weights(), rng)


@DATA_SAMPLERS.register_module()
class InstancePrioritySampler(PrioritySampler):
    """Draws an image by designed weight and priority.

    From the code of `Decoupling Representation and Classifier for Long-Tailed Recognition
    <https://arxiv.org/abs/1910.09217>`_. The weight of an image is ``w ** alpha + fixed_scale * max_priority ** alpha *
    N * M_i / sum of M_i`` with the designed weight of its class shared equally, ``M_i = M_c / n_c``.

    Differs from the original: Priorities that change in the course of an epoch count from the next one on.

    Arguments are those of :class:`PrioritySampler`.

    Raises:
        UserError: A negative ``fixed_scale``, which only classes have.

    Example:
        >>> from types import SimpleNamespace
        >>> images = SimpleNamespace(get_gt_labels=lambda: [0, 0, 1])
        >>> weights = InstancePrioritySampler(images, balance=1.0, manual_only=True, seed=0).weights()
        >>> weights / weights.sum()
        array([0.25, 0.25, 0.5 ])
    """

    def __init__(self, dataset: Dataset, *args: Any, **kwargs: Any) -> None:
        super().__init__(dataset, *args, **kwargs)
        if self.fixed_scale < 0:
            raise UserError(
                f'fixed_scale of InstancePrioritySampler must not be negative, got {self.fixed_scale}: '
                'use ltcl.ClassPrioritySampler'
            )

    def weights(self) -> np.ndarray:
        """Weight of each image."""
        manual = (self.manual_weights() / self.class_counts)[self.labels]
        if self.manual_only:
            return manual
        fixed = self.fixed_scale * self.max_priority**self.alpha * len(self.labels) * manual / manual.sum()
        return self._epoch_priorities**self.alpha + fixed

    def stream(self, rng: random.Random) -> Iterator[int]:
        """Endless indices of this epoch."""
        return weighted_positions(self.weights(), rng)
