"""Whether a probability means what it says."""

from collections.abc import Sequence

import numpy as np

from ltcl.predictions.calibration import calibration_error

from ..charts import groups_of, pairs
from ..class_figures import Answers
from ..class_rows import ClassRow
from .finding import Finding, named


def wrong_confidence(answers: Answers, rows: Sequence[ClassRow]) -> Finding:
    """Groups whose mean confidence differs from their accuracy by more than 5 points and two standard errors."""
    bars, ill = [], []
    for name, labels in groups_of(rows).items():
        member = np.isin(answers.labels, labels)
        confidence, right = answers.confidence[member], answers.is_right[member]
        gap = confidence.mean() - right.mean()
        error = np.sqrt(np.var(confidence - right) / member.sum())
        bars.append((name, 100 * float(right.mean()), 100 * float(confidence.mean())))
        if abs(gap) > max(0.05, 2 * error):
            ece = 100 * calibration_error(confidence, right)
            word = 'too sure' if gap > 0 else 'not sure enough'
            ill.append(
                f'on {named(name)} it is {word}: {100 * confidence.mean():.0f} % sure, '
                f'{100 * right.mean():.0f} % right (ECE {ece:.1f})'
            )
    figure = pairs(bars, ('right', 'mean confidence'), ' %')
    if ill:
        text = (
            f'A probability does not mean what it says: {"; ".join(ill)}. `ltcl calibrate RUN` fits temperature and '
            'class prior to validation images.'
        )
        return Finding('confidence', True, 'Its confidence is wrong', text, figure)
    text = (
        'In each group the mean confidence is within 5 points of the share of right answers, or as near as can be told.'
    )
    return Finding('confidence', False, 'Its confidence fits', text, figure)
