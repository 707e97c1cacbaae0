"""A data set that has labels and nothing else, which is all a sampler asks for."""

import numpy as np


class Labels:
    """Labels as given, one per sample."""

    def __init__(self, labels: np.ndarray) -> None:
        self.labels = labels

    def get_gt_labels(self) -> np.ndarray:
        return self.labels

    @classmethod
    def of_counts(cls, *class_counts: int) -> 'Labels':
        """Shuffled labels with so many samples per class."""
        return cls(np.random.default_rng(0).permutation(np.repeat(np.arange(len(class_counts)), class_counts)))
