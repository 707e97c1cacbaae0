"""What a change of the scores after training would give: post-hoc adjustment, temperature, class mix.

The value is chosen by validation predictions only. The figures are those of the test, which choose nothing.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch

from ltcl.errors import UserError
from ltcl.evaluation.functional import estimate_shares, log_ratio, shares_of
from ltcl.evaluation.functional.shot import DEFAULT_BOUNDS

from .adjusting import TAUS, are_counts_known, best_of, log_shares
from .calibration import calibration_error, mean_log_loss
from .figures import Figures, accuracy_figures
from .same_images import are_of_same_images
from .saved import SavedPredictions
from .score_rows import row_blocks

TEMPERATURES = tuple(np.round(2.0 ** np.arange(-2, 3.01, 0.25), 3).tolist())
AS_TRAINED, NATURAL, BALANCED, ESTIMATE = 'as trained', 'natural', 'balanced', 'estimate'
Value = float | str


class Sweep(NamedTuple):
    """Figures by value.

    Args:
        name: What is changed.
        criterion: Figure by which a value is chosen, see :func:`figures_of`: the lowest ``log_loss``, else the highest.
        rows: Of each value its figures on the test images, under ``value`` the value.
        chosen: The value that is best on the validation images; None where there are none, so nothing is chosen.
    """

    name: str
    criterion: str
    rows: list[dict]
    chosen: Value | None


def adjusted(predictions: SavedPredictions, tau: float) -> SavedPredictions:
    """Scores less tau times the log of the training frequencies: post-hoc logit adjustment.

    From `Long-Tail Learning via Logit Adjustment <https://arxiv.org/abs/2007.07314>`_. A class without training images
    counts as one with one image.

    Example:
        >>> scores, labels = np.log([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]), np.array([0, 1, 1])
        >>> kept = SavedPredictions(scores, labels, ['', '', ''], np.array(['cat', 'newt']), np.array([30, 15]))
        >>> adjusted(kept, tau=1).scores.argmax(1)  # the second image is no longer taken for the frequent class
        array([0, 1, 1])
    """
    return _shifted(predictions, -tau * log_shares(predictions.class_counts))


def tempered(predictions: SavedPredictions, temperature: float) -> SavedPredictions:
    """Scores divided by a temperature, see `Guo et al. <https://arxiv.org/abs/1706.04599>`_.

    Example:
        >>> scores, labels = np.log([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]), np.array([0, 1, 1])
        >>> kept = SavedPredictions(scores, labels, ['', '', ''], np.array(['cat', 'newt']), np.array([30, 15]))
        >>> tempered(kept, 2.0).probabilities[0].round(3)  # was 0.9 and 0.1
        array([0.75, 0.25])
    """
    return predictions._replace(scores=predictions.scores / np.float32(temperature))


def answering_for(predictions: SavedPredictions, mix: str) -> SavedPredictions:
    """Scores for a class mix, as :class:`ltcl.evaluation.class_mixes.Mixes` has them.

    Example:
        >>> scores, labels = np.log([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]), np.array([0, 1, 1])
        >>> kept = SavedPredictions(scores, labels, ['', '', ''], np.array(['cat', 'newt']), np.array([30, 15]))
        >>> natural = kept._replace(scores=kept.scores.astype(np.float32), frequency_power=1.0)
        >>> answering_for(natural, 'balanced').scores.argmax(1)
        array([0, 1, 1])
    """
    if mix == AS_TRAINED:
        return predictions
    counts = torch.from_numpy(predictions.class_counts)
    source = shares_of(counts, predictions.frequency_power)
    powers = {NATURAL: 1.0, BALANCED: 0.0}
    scores = torch.from_numpy(predictions.scores)
    target = shares_of(counts, powers[mix]) if mix in powers else estimate_shares(scores, source)
    # A class that cannot occur has the lowest score of all, not one that is no number.
    return _shifted(predictions, log_ratio(source, target).clamp_min(-1e4).numpy())


def figures_of(predictions: SavedPredictions, bounds: tuple[int, int] = DEFAULT_BOUNDS) -> Figures:
    """Accuracy over images, macro, by shot group and ECE as percentages, and log loss.

    Example:
        >>> scores, labels = np.log([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]), np.array([0, 1, 1])
        >>> kept = SavedPredictions(scores, labels, ['', '', ''], np.array(['cat', 'newt']), np.array([30, 15]))
        >>> found = figures_of(kept)
        >>> found['macro'], round(found['ece'], 1)
        (75.0, 30.0)
    """
    accuracies = accuracy_figures(predictions, bounds)
    soft = predictions.soft_answers()
    shown: Figures = {
        name: accuracies[name] for name in ('all', 'macro', 'many', 'medium', 'few') if name in accuracies
    }
    shown['ece'] = calibration_error(soft.confidence, soft.answers == predictions.labels)
    percentages = {name: 100 * value for name, value in shown.items()}
    return {**percentages, 'log_loss': mean_log_loss(soft.own)}


def sweeps(
    test: SavedPredictions, val: SavedPredictions | None = None, bounds: tuple[int, int] = DEFAULT_BOUNDS
) -> list[Sweep]:
    """All sweeps for which enough is known: without training counts only that of the temperature.

    Args:
        test: Images whose figures are shown, all of a known class.
        val: Other images, by which the values are chosen, all of a known class.
        bounds: Smallest and largest training count of a medium-shot class.

    Raises:
        UserError: The validation predictions are of other classes or another model, for another class mix, or the test
            predictions themselves.

    Example:
        >>> scores, labels = np.log([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]), np.array([0, 1, 1])
        >>> kept = SavedPredictions(scores, labels, ['', '', ''], np.array(['cat', 'newt']), np.array([30, 15]))
        >>> [(each.name, each.chosen) for each in sweeps(kept)]  # without validation images nothing is chosen
        [('temperature', None), ('tau', None)]
    """
    if val is not None:
        _check_val(test, val)

    def run(name: str, criterion: str, values: Sequence[Value], change: Callable) -> Sweep:
        rows = [{'value': value, **figures_of(change(test, value), bounds)} for value in values]
        chosen = None if val is None else _best(val, values, change, criterion, bounds)
        return Sweep(name, criterion, rows, chosen)

    found = [run('temperature', 'log_loss', TEMPERATURES, tempered)]
    if are_counts_known(test):
        found.append(run('tau', 'macro', TAUS, adjusted))
        if not np.isnan(test.frequency_power):
            found.append(run('prior', 'all', [AS_TRAINED, NATURAL, BALANCED, ESTIMATE], answering_for))
    return found


def _best(
    val: SavedPredictions, values: Sequence[Value], change: Callable, criterion: str, bounds: tuple[int, int]
) -> Value:
    """The best value on the validation images; of equals the one that changes least."""
    sign, neutral = (-1, 1.0) if criterion == 'log_loss' else (1, 0.0)
    changes = [values.index(value) if isinstance(value, str) else abs(value - neutral) for value in values]
    figures = [sign * figures_of(change(val, value), bounds)[criterion] for value in values]
    return values[best_of(np.array(figures), np.array(changes))]


def _check_val(test: SavedPredictions, val: SavedPredictions) -> None:
    if val.classes.tolist() != test.classes.tolist():
        raise UserError(
            'the validation predictions are of other classes than the test predictions: name those of this model'
        )
    if val.checkpoint != test.checkpoint:
        raise UserError(
            f'the validation predictions are of {val.checkpoint}, the test predictions of {test.checkpoint}: '
            'write both with one checkpoint'
        )
    if not np.isclose(val.frequency_power, test.frequency_power, equal_nan=True):
        raise UserError(
            f'the validation predictions answer for the class mix {_in_words(val.frequency_power)}, the test '
            f'predictions for {_in_words(test.frequency_power)}: write both with one --prior'
        )
    if are_of_same_images(test, val):
        raise UserError(
            'the validation predictions are those of the test images: whatever they choose, the test would be no test; '
            'name predictions of other images, or omit --val'
        )
    if not len(val.labels):
        raise UserError('the validation predictions have no image of a known class: name others')


def _in_words(power: float) -> str:
    """The class mix of a power of the training counts."""
    return 'that is not known' if np.isnan(power) else {1.0: NATURAL, 0.0: BALANCED}.get(power, f'of power {power:.2g}')


def _shifted(predictions: SavedPredictions, shift: np.ndarray) -> SavedPredictions:
    scores = np.empty(predictions.scores.shape, np.float32)
    for part in row_blocks(scores.shape):
        scores[part] = predictions.scores[part] + shift
    return predictions._replace(scores=scores)
