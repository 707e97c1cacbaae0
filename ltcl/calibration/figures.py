"""Calibration in figures, before and after, over all answers and by shot group of the answer."""

from ltcl.evaluation.functional.shot import DEFAULT_BOUNDS
from ltcl.predictions import SavedPredictions
from ltcl.predictions.calibration import calibration_error, classwise_calibration_error, log_loss
from ltcl.predictions.figures import Figures, accuracy_figures, group_masks

from .calibrating import some
from .record import ALL


def calibration_figures(predictions: SavedPredictions, bounds: tuple[int, int] = DEFAULT_BOUNDS) -> dict[str, Figures]:
    """Figures of all answers, and of those with a class of each shot group.

    The groups are those of the answer, not of the true class: of a group of true classes even the best probabilities
    are too high or too low on average, as the images that are taken for another group are left in.

    Args:
        predictions: Images of a known class.
        bounds: Smallest and largest training count of a medium-shot class.

    Returns:
        ``images``; ``all``, accuracy over the images; ``confidence``, ``ece``, all but the first as percentages; and
        ``log_loss``; of all answers also ``macro`` and ``classwise_ece``. Groups without answers are left out.
    """
    answers = predictions.scores.argmax(axis=1)
    found = {ALL: figures_of_all(predictions, bounds)}
    for name, mask in group_masks(predictions, bounds).items():
        member = mask[answers]
        if member.any():
            found[name] = _figures(some(predictions, member))
    return found


def figures_of_all(predictions: SavedPredictions, bounds: tuple[int, int] = DEFAULT_BOUNDS) -> Figures:
    """Those of all answers of :func:`calibration_figures`."""
    return _figures(predictions) | {
        'macro': 100 * accuracy_figures(predictions, bounds)['macro'],
        'classwise_ece': 100 * classwise_calibration_error(predictions.probabilities, predictions.labels),
    }


def _figures(predictions: SavedPredictions) -> Figures:
    labels, probabilities = predictions.labels, predictions.probabilities
    is_right, confidence = probabilities.argmax(axis=1) == labels, probabilities.max(axis=1)
    return {
        'images': len(labels),
        'all': 100 * float(is_right.mean()),
        'confidence': 100 * float(confidence.mean()),
        'ece': 100 * calibration_error(confidence, is_right),
        'log_loss': log_loss(probabilities, labels),
    }
