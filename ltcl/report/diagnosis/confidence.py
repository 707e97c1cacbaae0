"""Whether a probability means what it says."""

from collections.abc import Sequence

import numpy as np

from ltcl.predictions.calibration import bin_sums, binned_error

from ..charts import groups_of, pairs
from ..class_figures import Answers
from ..class_rows import ClassRow
from .finding import Finding, named

LEAST_GAP = 0.05


def wrong_confidence(answers: Answers, rows: Sequence[ClassRow]) -> Finding:
    """Groups whose mean confidence differs from their accuracy by more than 5 points and two standard errors."""
    groups = []
    for name, labels in groups_of(rows).items():
        member = np.isin(answers.labels, labels)
        if not member.any():
            continue
        confidence, right = answers.confidence[member], answers.is_right[member]
        error = np.sqrt(np.var(confidence - right) / member.sum())
        groups.append((name, bin_sums(confidence, right), max(LEAST_GAP, 2 * error)))
    return _finding(groups, ' `ltcl calibrate RUN` fits temperatures, and a class prior if asked to.')


def wrong_confidence_of_pixels(confidence: np.ndarray, rows: Sequence[ClassRow]) -> Finding:
    """Groups whose mean confidence differs from their share of right pixels by more than 5 points.

    Args:
        confidence: As in :class:`ltcl.predictions.saved_scenes.SavedScenes`.
        rows: The classes, largest first.
    """
    groups = ((name, confidence[labels].sum(0), LEAST_GAP) for name, labels in groups_of(rows).items())
    return _finding([group for group in groups if group[1].any()])


def _finding(groups: Sequence[tuple[str, np.ndarray, float]], advice: str = '') -> Finding:
    """Name, :func:`bin_sums` and least gap that counts, of each group."""
    bars, ill = [], []
    for name, sums, least in groups:
        count, right, confidence = sums.sum(1)
        right, confidence = float(right / count), float(confidence / count)
        bars.append((name, 100 * right, 100 * confidence))
        if abs(confidence - right) > least:
            word = 'too sure' if confidence > right else 'not sure enough'
            ill.append(
                f'on {named(name)} it is {word}: {100 * confidence:.0f} % sure, '
                f'{100 * right:.0f} % right (ECE {100 * binned_error(sums):.1f})'
            )
    figure = pairs(bars, ('right', 'mean confidence'), ' %')
    if ill:
        text = f'A probability does not mean what it says: {"; ".join(ill)}.{advice}'
        return Finding('confidence', True, 'Its confidence is wrong', text, figure)
    text = (
        'In each group the mean confidence is within 5 points of the share of right answers, or as near as can be told.'
    )
    return Finding('confidence', False, 'Its confidence fits', text, figure)
