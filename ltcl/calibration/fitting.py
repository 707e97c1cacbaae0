"""The temperature and the class prior that explain validation answers best."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from ltcl.errors import UserError
from ltcl.evaluation.functional.shot import DEFAULT_BOUNDS
from ltcl.predictions import SavedPredictions
from ltcl.predictions.adjusting import are_counts_unequal, log_shares
from ltcl.predictions.figures import group_masks

from .record import ALL

LIMITS = (1e-4, 1e3)
"""Of the spread of the divided scores of an image."""
SURE = 3
"""Standard errors that the inverse of a temperature is from 0, or the scores tell nothing of the labels."""
FEWEST_ANSWERS, FEWEST_WRONG = 50, 5
"""Of a shot group that gets a temperature of its own."""
PIECE = 2**22
"""Scores that are looked at together."""


class Fit(NamedTuple):
    """What was fitted.

    Args:
        temperatures: By shot group, or one under ``'all'``.
        errors: Standard error of each; that of all where a group has none of its own.
        strength: Multiple of the log of the training frequencies that is added to the divided scores; 0 where none was
            fitted.
        shared: Groups that have the temperature of all answers, as they have too few of their own.
    """

    temperatures: dict[str, float]
    errors: dict[str, float]
    strength: float = 0.0
    shared: tuple[str, ...] = ()


class _Problem(NamedTuple):
    """Mean negative log likelihood of ``inverse[group] * scores + strength * prior``, which is convex in both."""

    scores: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    prior: np.ndarray | None
    num_groups: int

    def moments(self, values: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
        """Of pieces of the images: loss, gradient and curvature of each, shapes (n,), (n, 2), (n, 2, 2)."""
        prior = np.zeros(self.scores.shape[1]) if self.prior is None else self.prior
        inverse, strength = values[: self.num_groups], 0.0 if self.prior is None else values[-1]
        for rows in np.array_split(np.arange(len(self.labels)), max(1, self.scores.size // PIECE)):
            scores, labels = self.scores[rows].astype(np.float64), self.labels[rows]
            own = np.arange(len(rows)), labels
            logits = inverse[self.groups[rows], None] * scores + strength * prior
            logits -= logits.max(axis=1, keepdims=True)
            powers = np.exp(logits)
            sums = powers.sum(axis=1)
            shares = powers / sums[:, None]
            mean, mean_prior = (shares * scores).sum(1), shares @ prior
            slope = np.stack([mean - scores[own], mean_prior - prior[labels]], 1)
            across = ((shares * scores) @ prior) - mean * mean_prior
            both = [(shares * scores**2).sum(1) - mean**2, across, across, shares @ prior**2 - mean_prior**2]
            yield np.log(sums) - logits[own], slope, np.stack(both, 1).reshape(-1, 2, 2), self.groups[rows]

    def value(self, values: np.ndarray) -> tuple[float, np.ndarray]:
        """Loss and its gradient."""
        total, gradient = 0.0, np.zeros(len(values))
        for loss, slope, _, groups in self.moments(values):
            total += loss.sum()
            gradient[: self.num_groups] += np.bincount(groups, slope[:, 0], self.num_groups)
            if self.prior is not None:
                gradient[-1] += slope[:, 1].sum()
        return total / len(self.labels), gradient / len(self.labels)

    def curvature(self, values: np.ndarray) -> np.ndarray:
        """Second derivatives of the loss over all images, not of their mean."""
        found = np.zeros((len(values), len(values)))
        for _, _, both, groups in self.moments(values):
            of_group = [np.bincount(groups, both[:, 0, each], self.num_groups) for each in (0, 1)]
            found[: self.num_groups, : self.num_groups] += np.diag(of_group[0])
            if self.prior is not None:
                found[-1, : self.num_groups] += of_group[1]
                found[: self.num_groups, -1] += of_group[1]
                found[-1, -1] += both[:, 1, 1].sum()
        return found


def fit(
    predictions: SavedPredictions,
    by_group: bool = False,
    with_prior: bool = True,
    bounds: tuple[int, int] = DEFAULT_BOUNDS,
) -> Fit:
    """Fit temperatures, and the strength of a class prior, to the labels of images.

    Both together, by maximum likelihood: a temperature alone would weaken the class mix that the scores answer for as
    well. The problem is convex.

    Args:
        predictions: Images of a known class, and the scores of the model as they are.
        by_group: One temperature for each shot group of the likeliest class. A group with few answers, or few that are
            wrong, has that of all.
        with_prior: Whether the strength is fitted; it is not where the training counts are not known, or all alike.
        bounds: Smallest and largest training count of a medium-shot class.

    Raises:
        UserError: There are too few images, the answers are all right, or they tell nothing.
    """
    answers = predictions.scores.argmax(axis=1)
    wrong = int((answers != predictions.labels).sum())
    if len(answers) < FEWEST_ANSWERS or wrong < FEWEST_WRONG:
        raise UserError(
            f'{len(answers)} images with {wrong} wrong answers tell no temperature: it takes {FEWEST_ANSWERS} with '
            f'{FEWEST_WRONG} wrong ones; name other images, `ltcl calibrate RUN DATA`'
        )
    prior = _prior_of(predictions) if with_prior else None
    spread = float(predictions.scores.std(axis=1).mean()) or 1.0
    one = _Problem(predictions.scores / spread, predictions.labels, np.zeros(len(answers), int), prior, 1)
    values, errors = _solve(one, [LIMITS])
    if not SURE * errors[0] < values[0] < LIMITS[1]:
        raise UserError(f'the scores of these {len(answers)} images tell nothing of their labels: no temperature fits')
    strength = 0.0 if prior is None else float(values[-1])
    if by_group:
        return _fit_groups(predictions, one, values[0], errors[0], spread, bounds)
    return Fit({ALL: float(spread / values[0])}, {ALL: float(spread * errors[0] / values[0] ** 2)}, strength)


def _fit_groups(
    predictions: SavedPredictions, one: _Problem, pooled: float, error: float, spread: float, bounds: tuple[int, int]
) -> Fit:
    """One temperature a group, and that of all for a group that tells too little."""
    masks = group_masks(predictions, bounds)
    if not masks:
        raise UserError('temperatures by shot group need the training images per class, which are not known')
    answers = predictions.scores.argmax(axis=1)
    groups = np.select([mask[answers] for mask in masks.values()], range(len(masks)))
    problem = one._replace(groups=groups, num_groups=len(masks))
    sizes, wrong = (np.bincount(groups, each, len(masks)) for each in (None, answers != predictions.labels))
    own = (sizes >= FEWEST_ANSWERS) & (wrong >= FEWEST_WRONG)
    while True:
        values, errors = _solve(problem, [LIMITS if is_own else (pooled, pooled) for is_own in own])
        inverse = values[: len(masks)]
        sure = inverse > SURE * errors[: len(masks)]
        if (sure | ~own).all():
            break
        own &= sure
    errors = np.where(own, errors[: len(masks)], error)
    return Fit(
        dict(zip(masks, (spread / inverse).tolist(), strict=True)),
        dict(zip(masks, (spread * errors / inverse**2).tolist(), strict=True)),
        0.0 if one.prior is None else float(values[-1]),
        tuple(name for name, is_own in zip(masks, own, strict=True) if not is_own),
    )


def _solve(problem: _Problem, limits: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """The best values, and the standard error of each; 0 of one that was not free."""
    has_prior = problem.prior is not None
    start = [min(max(1.0, low), high) for low, high in limits] + [0.0] * has_prior
    options = dict(ftol=1e-15, gtol=1e-9, maxiter=500)
    bounds = [*limits, *[(None, None)] * has_prior]
    found = minimize(problem.value, start, jac=True, method='L-BFGS-B', bounds=bounds, options=options)
    free = np.array([low is None or high is None or low < high for low, high in bounds])
    errors = np.zeros(len(start))
    curvature = problem.curvature(found.x)[np.ix_(free, free)]
    errors[free] = np.sqrt(np.diag(np.linalg.pinv(curvature)).clip(0))
    return found.x, errors


def _prior_of(predictions: SavedPredictions) -> np.ndarray | None:
    return log_shares(predictions.class_counts) if are_counts_unequal(predictions) else None


def power_of(labels: np.ndarray, class_counts: np.ndarray) -> float:
    """The power of the training counts to which the class mix of images is proportional, as near as one is.

    Args:
        labels: Classes of the images, shape (N,).
        class_counts: Training images per class, not all alike, shape (num_classes,).

    Returns:
        1 of images with the mix of the training images, 0 of balanced ones; by maximum likelihood.
    """
    prior = log_shares(class_counts)
    counts = np.bincount(labels, minlength=len(prior)) / len(labels)

    def loss(power: np.ndarray) -> tuple[float, np.ndarray]:
        logits = power[0] * prior
        weights = np.exp(logits - logits.max())
        shares = weights / weights.sum()
        return float(-counts @ np.log(shares)), np.array([(shares - counts) @ prior])

    # Of images of the largest or the smallest class alone it would be infinite.
    return float(minimize(loss, [0.0], jac=True, method='L-BFGS-B', bounds=[(-3, 3)]).x[0])
