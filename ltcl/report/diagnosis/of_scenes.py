"""All diagnoses of a segmentation."""

from collections.abc import Sequence

from ..class_rows import ClassRow
from ..confusions import Confusions
from .confused_classes import never_predicted, predicts_big_classes, swallowed_classes
from .finding import Finding, ill_first
from .images import too_few_images


def diagnose_scenes(confusions: Confusions, rows: Sequence[ClassRow], images: str) -> list[Finding]:
    """Look for every illness that pixels can tell; those that were found come first.

    Args:
        confusions: Pixels by true and predicted class.
        rows: The classes, largest first.
        images: What the predictions are of, in words.
    """
    return ill_first(
        [
            predicts_big_classes(confusions, rows),
            swallowed_classes(confusions, rows),
            never_predicted(confusions, rows),
            too_few_images(rows, images, 'IoU'),
        ]
    )
