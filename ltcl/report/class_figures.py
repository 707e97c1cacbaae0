"""Figures of each class from saved scores. All are percentages; NaN stands for what the images cannot tell."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ltcl.predictions.calibration import class_bin_sums
from ltcl.predictions.class_report import roc_area
from ltcl.predictions.intervals import wilson_interval

from .confusions import Confusions

BLOCK = 64


@dataclass(frozen=True)
class Answers:
    """What a model answered.

    Attributes:
        scores: Logits, shape (N, num_classes).
        labels: True class of each image, shape (N,).
        num_classes: Number of classes.
    """

    scores: np.ndarray
    labels: np.ndarray

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return self.scores.shape[1]

    @cached_property
    def preds(self) -> np.ndarray:
        """Class of the greatest score of each image, shape (N,)."""
        return self.scores.argmax(1)

    @cached_property
    def is_right(self) -> np.ndarray:
        """Whether the answer is the true class, shape (N,)."""
        return self.preds == self.labels

    @cached_property
    def log_sums(self) -> np.ndarray:
        """Logarithm of the sum of the exponentials of each row, float64, shape (N,)."""
        # In pieces: all scores of iNaturalist 2018 in double precision would take 1.6 GB.
        pieces = np.array_split(self.scores, max(1, len(self.scores) // 256))
        highest = self.scores.max(1).astype(np.float64)
        starts = np.split(highest, np.cumsum([len(piece) for piece in pieces])[:-1])
        sums = [np.exp(piece - start[:, None]).sum(1) for piece, start in zip(pieces, starts, strict=True)]
        return highest + np.log(np.concatenate(sums))

    @cached_property
    def confidence(self) -> np.ndarray:
        """Probability of the answer, shape (N,), from 0 to 1."""
        return np.exp(self.scores.max(1) - self.log_sums)

    @cached_property
    def bin_sums(self) -> np.ndarray:
        """Answers by true class and confidence, see :func:`ltcl.predictions.calibration.class_bin_sums`."""
        return class_bin_sums(self.labels, self.confidence, self.is_right, self.num_classes)

    @cached_property
    def confusions(self) -> Confusions:
        """Number of images by true and predicted class."""
        pairs, counts = np.unique(self.labels * self.num_classes + self.preds, return_counts=True)
        numbers = zip(pairs.tolist(), counts.tolist(), strict=True)
        return Confusions({divmod(pair, self.num_classes): number for pair, number in numbers}, self.num_classes)

    def counts(self, values: np.ndarray) -> np.ndarray:
        """How often each class is among some values, shape (num_classes,)."""
        return np.bincount(values, minlength=self.num_classes)


def class_figures(answers: Answers) -> dict[str, np.ndarray]:
    """Recall, its 95 % interval (Wilson), precision, F1, AUROC and mean confidence of each class.

    The AUROC is that of the class against all others, by the probabilities of the class.

    Returns:
        Percentages under ``recall``, ``low``, ``high``, ``precision``, ``f1``, ``auroc`` and ``confidence``, each of
        shape (num_classes,).
    """
    hits, totals = answers.counts(answers.labels[answers.is_right]), answers.counts(answers.labels)
    given = answers.counts(answers.preds)
    low, high = wilson_interval(hits, totals)
    confidence = np.bincount(answers.labels, answers.confidence, answers.num_classes)
    with np.errstate(invalid='ignore', divide='ignore'):
        figures = {
            'recall': hits / totals,
            'low': low,
            'high': high,
            'precision': np.where(totals > 0, hits / given, np.nan),
            'f1': np.where(totals > 0, 2 * hits / (totals + given), np.nan),
            'auroc': auroc(answers),
            'confidence': confidence / totals,
        }
    return {name: 100 * values for name, values in figures.items()}


def auroc(answers: Answers) -> np.ndarray:
    """Area under the ROC curve of each class against all others, from 0 to 1; NaN where there are no two sides."""
    totals, num_images = answers.counts(answers.labels), len(answers.labels)
    areas = np.full(answers.num_classes, np.nan)
    for start in range(0, answers.num_classes, BLOCK):
        columns = np.ascontiguousarray(answers.scores[:, start : start + BLOCK].T) - answers.log_sums
        for index, values in enumerate(columns, start):
            if 0 < totals[index] < num_images:
                areas[index] = roc_area(values, answers.labels == index)
    return areas
