"""Figures of saved predictions, over all classes and by shot group. Shares are percentages, as in ``metrics.json``."""

import numpy as np
import torch

from ltcl.evaluation.functional import accuracy_summary, shot_accuracy, shot_groups
from ltcl.evaluation.functional.shot import DEFAULT_BOUNDS

from .calibration import NUM_BINS, calibration_error, classwise_error, mean_log_loss, own_bin_sums
from .class_report import ClassReport, answers_report, class_auroc
from .intervals import macro_interval
from .saved import UNKNOWN, SavedPredictions, softmax
from .score_rows import row_blocks

Figures = dict[str, float]


def group_masks(predictions: SavedPredictions, bounds: tuple[int, int] = DEFAULT_BOUNDS) -> dict[str, np.ndarray]:
    """Classes of each shot group, as masks of shape (C,); no group where training counts are not known.

    Example:
        >>> scores, labels = np.log([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]), np.array([0, 1, 1])
        >>> kept = SavedPredictions(scores, labels, ['', '', ''], np.array(['cat', 'newt']), np.array([30, 15]))
        >>> group_masks(kept)['few']
        array([False,  True])
    """
    if (predictions.class_counts == UNKNOWN).any():
        return {}
    masks = shot_groups(torch.from_numpy(predictions.class_counts), bounds)
    return {name: mask.numpy() for name, mask in masks.items()}


def overall_figures(
    predictions: SavedPredictions, report: ClassReport, bounds: tuple[int, int] = DEFAULT_BOUNDS
) -> Figures:
    """All figures that are no class's own.

    Args:
        predictions: Images whose class is known.
        report: Their :func:`~ltcl.evaluation.functional.class_report`.
        bounds: Smallest and largest training count of a medium-shot class.

    Returns:
        Percentages, but for ``images``, ``log_loss``. The figures by class are means over the classes that have one.
        Without images only ``images``.

    Example:
        >>> scores, labels = np.log([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]), np.array([0, 1, 1])
        >>> kept = SavedPredictions(scores, labels, ['', '', ''], np.array(['cat', 'newt']), np.array([30, 15]))
        >>> found = overall_figures(kept, report_of(kept))
        >>> found['macro'], round(found['ece_few'], 1)
        (75.0, 40.0)
    """
    labels = predictions.labels
    if not len(labels):
        return {'images': 0}
    soft = predictions.soft_answers()
    is_right, confidence = soft.answers == labels, soft.confidence
    low, high = macro_interval(report.confusion.diagonal(), report.test_count)
    shares = {
        **accuracy_figures(predictions, bounds),
        'macro_low': low,
        'macro_high': high,
        'class_spread': float(np.nanstd(report.recall)),
        **{name: _mean(getattr(report, name)) for name in ('precision', 'f1', 'auroc')},
        'confidence': float(confidence.mean()),
        'ece': calibration_error(confidence, is_right),
        'classwise_ece': classwise_ece(predictions),
    }
    for name, mask in group_masks(predictions, bounds).items():
        if mask[labels].any():
            shares[f'ece_{name}'] = calibration_error(confidence[mask[labels]], is_right[mask[labels]])
    percentages = {name: 100 * value for name, value in shares.items()}
    return {'images': len(labels), **percentages, 'log_loss': mean_log_loss(soft.own)}


def classwise_ece(predictions: SavedPredictions) -> float:
    """Classwise ECE, as of :func:`ltcl.predictions.calibration.classwise_calibration_error`.

    Example:
        >>> scores, labels = np.log([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]), np.array([0, 1, 1])
        >>> kept = SavedPredictions(scores, labels, ['', '', ''], np.array(['cat', 'newt']), np.array([30, 15]))
        >>> round(classwise_ece(kept), 4)
        0.3
    """
    sums = np.zeros((predictions.scores.shape[1], 3, NUM_BINS))
    for part in row_blocks(predictions.scores.shape):
        sums += own_bin_sums(softmax(predictions.scores[part]), predictions.labels[part])
    return classwise_error(sums)


def accuracy_figures(predictions: SavedPredictions, bounds: tuple[int, int] = DEFAULT_BOUNDS) -> Figures:
    """Fractions of ``ltcl.ShotAccuracy``: over images, by shot group, and the summaries of the class accuracies.

    Example:
        >>> scores, labels = np.log([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]), np.array([0, 1, 1])
        >>> kept = SavedPredictions(scores, labels, ['', '', ''], np.array(['cat', 'newt']), np.array([30, 15]))
        >>> found = accuracy_figures(kept)
        >>> found['macro'], found['few']
        (0.75, 0.5)
    """
    labels = predictions.labels
    is_right = predictions.scores.argmax(axis=1) == labels
    num_classes = len(predictions.classes)
    with np.errstate(invalid='ignore'):
        accuracy = torch.from_numpy(
            np.bincount(labels, is_right, minlength=num_classes) / np.bincount(labels, minlength=num_classes)
        )
    figures = {'all': float(is_right.mean())}
    if (predictions.class_counts != UNKNOWN).all():
        figures.update(shot_accuracy(accuracy, torch.from_numpy(predictions.class_counts), bounds))
    return {**figures, **accuracy_summary(accuracy)}


def class_rows(
    predictions: SavedPredictions, report: ClassReport, bounds: tuple[int, int] = DEFAULT_BOUNDS
) -> list[dict]:
    """A dict for each class; arguments as of :func:`overall_figures`.

    Returns:
        Percentages; None where a figure is not defined.

    Example:
        >>> scores, labels = np.log([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]), np.array([0, 1, 1])
        >>> kept = SavedPredictions(scores, labels, ['', '', ''], np.array(['cat', 'newt']), np.array([30, 15]))
        >>> row = class_rows(kept, report_of(kept))[1]
        >>> row['class_name'], row['group'], row['recall'], row['confused_with']
        ('newt', 'few', 50.0, 'cat')
    """
    groups = group_masks(predictions, bounds)
    rows = []
    for label, name in enumerate(predictions.classes.tolist()):
        train_count, other = int(predictions.class_counts[label]), int(report.confused_with[label])
        shares = ('recall', 'recall_low', 'recall_high', 'precision', 'f1', 'auroc', 'confidence')
        rows.append(
            {
                'class_index': label,
                'class_name': name,
                'train_count': None if train_count == UNKNOWN else train_count,
                'group': next((group for group, mask in groups.items() if mask[label]), None),
                'test_count': int(report.test_count[label]),
                'predicted_count': int(report.predicted_count[label]),
                **{share: _percentage(getattr(report, share)[label]) for share in shares},
                'confused_with': None if other < 0 else str(predictions.classes[other]),
                'confused_share': _percentage(report.confused_share[label]),
            }
        )
    return rows


def report_of(predictions: SavedPredictions) -> ClassReport:
    """Figures of each class of predictions whose labels are known.

    Example:
        >>> scores, labels = np.log([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]), np.array([0, 1, 1])
        >>> kept = SavedPredictions(scores, labels, ['', '', ''], np.array(['cat', 'newt']), np.array([30, 15]))
        >>> report_of(kept).recall
        array([1. , 0.5])
    """
    soft = predictions.soft_answers()
    return answers_report(soft.answers, soft.confidence, _auroc(predictions), predictions.labels)


def _auroc(predictions: SavedPredictions) -> np.ndarray:
    areas: list[np.ndarray] = []
    for columns in predictions.probability_columns():
        areas.append(class_auroc(columns, predictions.labels, sum(map(len, areas))))
    return np.concatenate(areas)


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float('nan')


def _percentage(value: float) -> float | None:
    return None if np.isnan(value) else 100 * float(value)
