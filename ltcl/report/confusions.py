"""How often each class was taken for each other one: of images, or of the pixels of a segmentation."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Confusions:
    """Number of images or pixels by true and predicted class.

    Attributes:
        pairs: Numbers by true and predicted class; pairs without any are absent.
        num_classes: Number of classes.
        counted: What is counted, ``images`` or ``pixels``.
    """

    pairs: dict[tuple[int, int], int]
    num_classes: int
    counted: str = 'images'

    @cached_property
    def totals(self) -> np.ndarray:
        """How many there are of each class, shape (num_classes,)."""
        return self._sums(0)

    @cached_property
    def given(self) -> np.ndarray:
        """How often each class is the answer, shape (num_classes,)."""
        return self._sums(1)

    @cached_property
    def hits(self) -> np.ndarray:
        """How many of each class are right, shape (num_classes,)."""
        return np.array([self.pairs.get((index, index), 0) for index in range(self.num_classes)])

    @cached_property
    def most_frequent(self) -> dict[int, tuple[int, int]]:
        """By true class the class that it was most often taken for, the first of equals, and how often."""
        found: dict[int, tuple[int, int]] = {}
        for (true, predicted), number in self.pairs.items():
            if true != predicted and number > found.get(true, (0, 0))[1]:
                found[true] = predicted, number
        return found

    def _sums(self, side: int) -> np.ndarray:
        places = np.array([pair[side] for pair in self.pairs], dtype=np.int64)
        sums = np.zeros(self.num_classes, dtype=np.int64)
        np.add.at(sums, places, np.fromiter(self.pairs.values(), np.int64, len(self.pairs)))
        return sums
