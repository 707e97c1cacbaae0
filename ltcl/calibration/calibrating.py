"""From validation predictions to a calibration, and what it changes."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from ltcl.errors import UserError
from ltcl.evaluation.class_mixes import BALANCED, NATURAL, Mixes
from ltcl.evaluation.functional import log_ratio, shares_of
from ltcl.evaluation.functional.shot import DEFAULT_BOUNDS
from ltcl.predictions import SavedPredictions
from ltcl.predictions.adjusting import are_counts_known, are_counts_unequal, halves

from .fitting import Fit, fit, power_of
from .record import Calibration, tempered
from .rejection import choose_thresholds

VALIDATION, KEEP = 'validation', 'keep'
"""Class mixes to answer for: that of the validation images; the one that the model answers for."""


class Choice(NamedTuple):
    """What is asked for.

    Args:
        by_group: One temperature for each shot group of the likeliest class.
        prior: Class mix to answer for: ``'keep'``, which fits a temperature only, so that no answer changes;
            ``'validation'``, ``'natural'``, ``'balanced'``, or a CSV file of shares.
        precision: Share of right answers for which thresholds are chosen; None: none are.
        bounds: Smallest and largest training count of a medium-shot class.
    """

    by_group: bool = False
    prior: str = KEEP
    precision: float | None = None
    bounds: tuple[int, int] = DEFAULT_BOUNDS


class Calibrated(NamedTuple):
    """What was found.

    Args:
        calibration: To be stored.
        fit: Temperatures with their errors.
        crossed: The validation images as a calibration answers that was fitted on the other half of them; None where a
            half is too small for that.
        shared: Groups of too few answers for a threshold of their own.
    """

    calibration: Calibration
    fit: Fit
    crossed: SavedPredictions | None
    shared: tuple[str, ...] = ()


def calibrate(val: SavedPredictions, choice: Choice) -> Calibrated:
    """Fit a calibration to validation predictions.

    Args:
        val: Answers of the model as it is, for images of a known class.
        choice: What is fitted.

    Raises:
        UserError: There are too few images, the training counts are not known though they are needed, or a prior is
            none of the classes.
    """
    fitted, calibration = _fitted(val, choice)
    crossed = answers_in_halves(val, choice)
    if choice.precision is None:
        return Calibrated(calibration, fitted, crossed)
    after = applied(val, calibration) if crossed is None else crossed
    thresholds, shared = choose_thresholds(after, choice.precision, choice.bounds)
    calibration = Calibration(**{**vars(calibration), 'thresholds': thresholds, 'precision': choice.precision})
    return Calibrated(calibration, fitted, crossed, shared)


def _fitted(val: SavedPredictions, choice: Choice) -> tuple[Fit, Calibration]:
    with_prior = are_counts_unequal(val) and choice.prior != KEEP
    fitted = fit(val, choice.by_group, with_prior, choice.bounds)
    plain = Calibration(fitted.temperatures, images=len(val.labels), split=val.split, bounds=choice.bounds)
    if not with_prior:
        if choice.prior != KEEP:
            raise UserError(
                f'--prior {choice.prior} needs training counts of the classes, known and unequal, which is not so '
                'here: leave it out'
            )
        return fitted, plain
    power = power_of(val.labels, val.class_counts)
    answered = power - fitted.strength
    prior, name, prior_power = _prior(val, choice.prior, power, answered)
    return fitted, dataclasses.replace(plain, power=answered, prior=prior, prior_name=name, prior_power=prior_power)


def _prior(val: SavedPredictions, prior: str, power: float, answered: float) -> tuple[list[float], str, float | None]:
    """Shares of a class mix, its name, and the power of the training counts that it is proportional to."""
    counts = torch.from_numpy(val.class_counts)
    if prior == VALIDATION:
        return shares_of(counts, power).tolist(), prior, power
    shares = Mixes(val.classes.tolist(), val.class_counts.tolist(), answered, 'the model').shares(prior).tolist()
    powers = {NATURAL: 1.0, BALANCED: 0.0}
    return shares, prior if prior in powers else Path(prior).name, powers.get(prior)


def answers_in_halves(val: SavedPredictions, choice: Choice) -> SavedPredictions | None:
    """Each half of the images as a calibration answers that was fitted on the other; None if a half is too small."""
    half, scores = halves(val.labels), np.empty_like(val.scores)
    for part in (0, 1):
        try:
            _, calibration = _fitted(some(val, half != part), choice)
        except UserError:
            return None
        scores[half == part] = applied(some(val, half == part), calibration).scores
    return val._replace(scores=scores)


def some(predictions: SavedPredictions, member: np.ndarray) -> SavedPredictions:
    """Some of the images, by a mask of shape (N,)."""
    rows = dict(scores=predictions.scores, labels=predictions.labels, paths=np.asarray(predictions.paths))
    return predictions._replace(**{name: values[member] for name, values in rows.items()})


def applied(predictions: SavedPredictions, calibration: Calibration) -> SavedPredictions:
    """The answers of the calibrated model.

    Args:
        predictions: Those of the model as it is.
        calibration: The calibration.
    """
    counts = predictions.class_counts if are_counts_known(predictions) else None
    temperatures = calibration.temperature_of(counts_of(counts), len(predictions.classes))
    scores = tempered(torch.from_numpy(predictions.scores).double(), temperatures)
    if calibration.prior is None:
        return predictions._replace(scores=scores.float().numpy())
    assert counts is not None
    assert calibration.power is not None
    target = torch.tensor(calibration.prior, dtype=torch.float64)
    # A class that cannot occur has the lowest score of all, not one that is no number.
    scores += log_ratio(shares_of(torch.from_numpy(counts), calibration.power), target).clamp_min(-1e4)
    power = np.nan if calibration.prior_power is None else calibration.prior_power
    return predictions._replace(scores=scores.float().numpy(), frequency_power=power)


def counts_of(counts: np.ndarray | None) -> Sequence[int] | None:
    """Training images per class as a list; None where they are not known."""
    return None if counts is None else counts.tolist()
