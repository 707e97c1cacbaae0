"""All diagnoses of a classifier."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from ..class_figures import Answers
from ..class_rows import ClassRow
from ..same_images import Copies
from .confidence import wrong_confidence
from .confused_classes import never_predicted, predicts_big_classes, swallowed_classes
from .finding import Finding, ill_first
from .images import copied_images, too_few_images
from .prior import prior_would_help


def diagnose(
    answers: Answers,
    rows: Sequence[ClassRow],
    class_counts: np.ndarray,
    images: str,
    copies: Copies,
    power: float = math.nan,
) -> list[Finding]:
    """Look for every illness; those that were found come first.

    Args:
        answers: Saved predictions.
        rows: The classes, largest first.
        class_counts: Training images by label, shape (num_classes,); negative where they are not known.
        images: What the predictions are of, in words.
        copies: Images that are one picture.
        power: The scores answer for a class mix proportional to this power of the training images; NaN: not known.
    """
    checks: list[Callable[[], Finding | None]] = [
        lambda: predicts_big_classes(answers.confusions, rows),
        lambda: swallowed_classes(answers.confusions, rows),
        lambda: never_predicted(answers.confusions, rows),
        lambda: wrong_confidence(answers, rows),
        lambda: too_few_images(rows, images),
        lambda: copied_images(answers.labels, rows, copies, images),
        lambda: prior_would_help(answers, class_counts, images, power),
    ]
    return ill_first(check() for check in checks)
