"""Figures of each class from saved scores. All are percentages; NaN stands for what the images cannot tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

Z95 = 1.959963984540054
BLOCK = 64
FEW = 16


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
    def confusions(self) -> dict[tuple[int, int], int]:
        """Number of images by true and predicted class; pairs without images are absent."""
        pairs, counts = np.unique(self.labels * self.num_classes + self.preds, return_counts=True)
        return {
            divmod(pair, self.num_classes): count for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True)
        }

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
    low, high = wilson(hits, totals)
    confidence = np.bincount(answers.labels, answers.confidence, answers.num_classes)
    with np.errstate(invalid='ignore', divide='ignore'):
        figures = {
            'recall': hits / totals,
            'low': low,
            'high': high,
            'precision': hits / given,
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
                areas[index] = _area(values, answers.labels == index)
    return areas


def _area(values: np.ndarray, is_own: np.ndarray) -> float:
    """Share of pairs of an own and another image in which the own one has the higher value; ties are half."""
    own, others = values[is_own], values[~is_own]
    if len(own) <= FEW:  # quicker than to sort
        below, upto = (others < own[:, None]).sum(), (others <= own[:, None]).sum()
    else:
        others = np.sort(others)
        below, upto = (np.searchsorted(others, own, side).sum() for side in ('left', 'right'))
    return float(below + upto) / 2 / (len(own) * len(others))


def wilson(hits: np.ndarray, totals: np.ndarray, z: float = Z95) -> tuple[np.ndarray, np.ndarray]:
    """The interval of a share that `Wilson <https://doi.org/10.1080/01621459.1927.10502953>`_ gives; NaN of nothing.

    Args:
        hits: How many of the cases it was so.
        totals: Number of cases.
        z: Quantile of the normal distribution; 1.96 for 95 %.

    Returns:
        Lower and upper bounds, from 0 to 1.
    """
    hits, totals = np.asarray(hits, dtype=float), np.asarray(totals, dtype=float)
    with np.errstate(invalid='ignore', divide='ignore'):
        share, scale = hits / totals, 1 + z**2 / totals
        middle = (share + z**2 / (2 * totals)) / scale
        half = z / scale * np.sqrt(share * (1 - share) / totals + z**2 / (4 * totals**2))
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def reliability(confidence: np.ndarray, is_right: np.ndarray, bins: int = 15) -> list[tuple[float, float, int]]:
    """Mean confidence, share of right answers and number of images of each bin of confidence that has images."""
    places = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    rows = [(places == place) for place in range(bins)]
    return [(confidence[row].mean(), is_right[row].mean(), int(row.sum())) for row in rows if row.any()]


def calibration_error(bins: Sequence[tuple[float, float, int]]) -> float:
    """Expected calibration error (ECE), from 0 to 1, of the bins of :func:`reliability`."""
    total = sum(number for *_, number in bins)
    return sum(number * abs(mean - right) for mean, right, number in bins) / total
