"""All diagnoses of a segmentation."""

from collections.abc import Sequence

import numpy as np

from ..class_rows import ClassRow
from ..confusions import Confusions
from .confidence import wrong_confidence_of_pixels
from .confused_classes import never_predicted, predicts_big_classes, swallowed_classes
from .finding import Finding, ill_first
from .images import too_few_images


def diagnose_scenes(
    confusions: Confusions, confidence: np.ndarray, rows: Sequence[ClassRow], images: str
) -> list[Finding]:
    """Look for every illness that pixels can tell; those that were found come first.

    Args:
        confusions: Pixels by true and predicted class.
        confidence: As in :class:`ltcl.predictions.saved_scenes.SavedScenes`; zeros where it is not known.
        rows: The classes, largest first.
        images: What the predictions are of, in words.
    """
    found = [
        predicts_big_classes(confusions, rows),
        swallowed_classes(confusions, rows),
        never_predicted(confusions, rows),
        too_few_images(rows, images, 'IoU'),
    ]
    if confidence.any():
        found.append(wrong_confidence_of_pixels(confidence, rows))
    return ill_first(found)
