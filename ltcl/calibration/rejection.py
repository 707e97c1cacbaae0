"""From which probability on an answer is given, so that enough of the answers are right."""

import math
from typing import NamedTuple

import numpy as np

from ltcl.evaluation.functional.shot import DEFAULT_BOUNDS
from ltcl.predictions import SavedPredictions
from ltcl.predictions.figures import group_masks
from ltcl.predictions.intervals import wilson_interval

from .fitting import FEWEST_ANSWERS
from .record import ALL, spread

FEWEST_GIVEN = 10
"""Answers above a threshold, below which their share of right ones says too little."""


class Coverage(NamedTuple):
    """What becomes of the answers of a group.

    Args:
        threshold: Least probability of an answer that is given; NaN where it differs within the group.
        answers: Answers of the group, given or not.
        given: Those that are given.
        right: Those of them that are right.
    """

    threshold: float
    answers: int
    given: int
    right: int

    @property
    def share(self) -> float:
        """Share of the answers that are given; NaN without any."""
        return self.given / self.answers if self.answers else math.nan

    @property
    def precision(self) -> float:
        """Share of the given answers that are right; NaN without any."""
        return self.right / self.given if self.given else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the precision."""
        low, high = wilson_interval(np.array([self.right]), np.array([self.given]))
        return float(low[0]), float(high[0])


def choose_thresholds(
    predictions: SavedPredictions, precision: float, bounds: tuple[int, int] = DEFAULT_BOUNDS
) -> tuple[dict[str, float], tuple[str, ...]]:
    """The lowest threshold of each shot group of the answer with which enough of the given answers are right.

    Args:
        predictions: Validation images.
        precision: The wished share of right answers.
        bounds: Smallest and largest training count of a medium-shot class.

    Returns:
        Thresholds by group, infinite where none gives ten answers that are right often enough; one under ``'all'``
        where the training counts are not known. And the groups with too few answers, which have that of all.
    """
    confidence, is_right = _confidence(predictions)
    of_all = lowest_threshold(confidence, is_right, precision)
    masks = group_masks(predictions, bounds)
    if not masks:
        return {ALL: of_all}, ()
    found, shared = {}, []
    for name, mask in masks.items():
        member = mask[predictions.scores.argmax(axis=1)]
        if member.sum() < FEWEST_ANSWERS:
            shared.append(name)
        found[name] = of_all if name in shared else lowest_threshold(confidence[member], is_right[member], precision)
    return found, tuple(shared)


def lowest_threshold(confidence: np.ndarray, is_right: np.ndarray, precision: float) -> float:
    """The lowest threshold above which a share of the answers is right; infinite if there is none.

    Args:
        confidence: Of each answer, shape (N,).
        is_right: Whether it is right, shape (N,).
        precision: The wished share.

    Returns:
        Halfway between the last answer that is given and the first that is not; 0 if all are given.

    Example:
        >>> confidence = np.array([0.9] * 10 + [0.4] * 10)
        >>> lowest_threshold(confidence, confidence > 0.5, 0.9)
        0.65
    """
    order = np.argsort(-confidence, kind='stable')
    sorted_confidence, right = confidence[order], np.cumsum(is_right[order])
    given = np.arange(1, len(order) + 1)
    # Answers of one confidence are given together.
    is_end = np.append(sorted_confidence[1:] < sorted_confidence[:-1], True)[: len(order)]
    good = np.flatnonzero(is_end & (given >= FEWEST_GIVEN) & (right >= precision * given - 1e-9))
    if not len(good):
        return math.inf
    last = good[-1]
    return 0.0 if last == len(order) - 1 else float(sorted_confidence[last : last + 2].mean())


def coverage(
    predictions: SavedPredictions, thresholds: dict[str, float], bounds: tuple[int, int] = DEFAULT_BOUNDS
) -> dict[str, Coverage]:
    """What thresholds do to the answers, over all and by shot group of the answer.

    Args:
        predictions: Images of a known class.
        thresholds: By shot group, or one under ``'all'``.
        bounds: Smallest and largest training count of a medium-shot class.
    """
    confidence, is_right = _confidence(predictions)
    answers = predictions.scores.argmax(axis=1)
    least = spread(thresholds, predictions.class_counts.tolist(), len(predictions.classes), bounds).numpy()
    given = confidence >= least[answers]

    def of(member: np.ndarray, threshold: float) -> Coverage:
        return Coverage(threshold, int(member.sum()), int(given[member].sum()), int(is_right[member & given].sum()))

    every = np.ones(len(answers), bool)
    found = {ALL: of(every, thresholds.get(ALL, math.nan))}
    for name, mask in group_masks(predictions, bounds).items():
        found[name] = of(mask[answers], thresholds.get(name, thresholds.get(ALL, math.nan)))
    return found


def _confidence(predictions: SavedPredictions) -> tuple[np.ndarray, np.ndarray]:
    probabilities = predictions.probabilities
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == predictions.labels
