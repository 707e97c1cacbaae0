"""Temperatures and the class prior that are fitted are those that made the labels."""

import numpy as np
import pytest
from calibrated_labels import COUNTS, drawn
from scipy.special import log_softmax

from ltcl.calibration.fitting import fit, power_of
from ltcl.errors import UserError
from ltcl.predictions.adjusting import log_shares
from ltcl.predictions.figures import group_masks


def loss(predictions, inverse, strength):
    logits = inverse * predictions.scores.astype(float) + strength * log_shares(predictions.class_counts)
    return -log_softmax(logits, 1)[np.arange(len(logits)), predictions.labels].mean()


@pytest.mark.parametrize('with_prior', [False, True])
def test_scores_times_two_and_a_half_have_the_temperature_two_and_a_half(with_prior):
    found = fit(drawn(factor=2.5), with_prior=with_prior)
    assert found.temperatures['all'] == pytest.approx(2.5, rel=0.06)
    assert abs(found.temperatures['all'] - 2.5) < 3 * found.errors['all']
    assert found.strength == pytest.approx(0, abs=0.1)
    # Of the same labels twice the scores have exactly twice the temperature.
    double = fit(drawn(factor=5), with_prior=with_prior)
    assert double.temperatures['all'] == pytest.approx(2 * found.temperatures['all'], rel=1e-5)


def test_a_prior_that_the_scores_lack_is_found():
    found = fit(drawn(factor=0.4, strength=1))
    assert found.strength == pytest.approx(1, abs=0.1)
    assert found.temperatures['all'] == pytest.approx(0.4, rel=0.06)
    # A temperature alone cannot tell the two apart.
    assert abs(fit(drawn(factor=0.4, strength=1), with_prior=False).temperatures['all'] - 0.4) > 0.04


@pytest.mark.parametrize('factor', [1e-3, 300])
def test_scores_of_any_size(factor):
    """Cosines without a scale, and distances, are scores as well."""
    found, plain = fit(drawn(600, factor=factor)), fit(drawn(600))
    assert found.temperatures['all'] == pytest.approx(factor * plain.temperatures['all'], rel=1e-4)
    assert found.errors['all'] == pytest.approx(factor * plain.errors['all'], rel=1e-3)


def test_nothing_on_a_dense_grid_fits_better():
    val = drawn(600, factor=1.7, strength=0.5)
    found = fit(val)
    best = loss(val, 1 / found.temperatures['all'], found.strength)
    grid = {
        (inverse, strength): loss(val, inverse, strength)
        for inverse in np.linspace(0.3, 1.2, 37)
        for strength in np.linspace(-0.5, 1.5, 41)
    }
    near = min(grid, key=grid.get)
    assert best <= grid[near] + 1e-12
    assert near == pytest.approx((1 / found.temperatures['all'], found.strength), abs=0.03)
    for step in (1e-3, -1e-3):  # it is the bottom of a smooth bowl
        assert loss(val, 1 / found.temperatures['all'] + step, found.strength) > best
        assert loss(val, 1 / found.temperatures['all'], found.strength + step) > best


def test_the_standard_error_is_the_spread_over_draws():
    fits = [fit(drawn(400, factor=1.5, seed=seed)) for seed in range(25)]
    spread = np.std([each.temperatures['all'] for each in fits])
    assert np.mean([each.errors['all'] for each in fits]) == pytest.approx(spread, rel=0.35)


def test_each_group_of_answers_has_its_own_temperature():
    val = drawn()
    masks = group_masks(val)
    answers = val.scores.argmax(1)
    factors = np.select([mask[answers] for mask in masks.values()], [1.0, 2.0, 3.0])
    found = fit(val._replace(scores=(val.scores * factors[:, None]).astype(np.float32)), by_group=True)
    for name, factor in zip(masks, (1, 2, 3), strict=True):
        if name not in found.shared:
            assert abs(found.temperatures[name] - factor) < 4 * found.errors[name]
    assert set(found.shared) <= {'few'}
    assert found.temperatures['medium'] > 1.6


def test_a_group_with_few_answers_has_the_temperature_of_all():
    val = drawn(300)
    num_few = group_masks(val)['few'][val.scores.argmax(1)].sum()
    assert num_few < 50
    found = fit(val, by_group=True)
    assert found.shared == ('few',)
    assert found.temperatures['few'] == pytest.approx(fit(val).temperatures['all'], rel=1e-9)
    assert found.errors['few'] == pytest.approx(fit(val).errors['all'])


def test_without_counts_or_with_equal_ones_no_prior_is_fitted():
    for counts in (np.full(5, -1), np.full(5, 30)):
        assert fit(drawn()._replace(class_counts=counts)).strength == 0
    with pytest.raises(UserError, match='need the training images per class'):
        fit(drawn()._replace(class_counts=np.full(5, -1)), by_group=True)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(num=40), '40 images with .* wrong answers tell no temperature: it takes 50'),
        (dict(right=True), '400 images with 0 wrong answers'),
        (dict(noise=True), 'tell nothing of their labels: no temperature fits'),
    ],
)
def test_images_that_tell_nothing(changes, message):
    val = drawn(changes.get('num', 400))
    if 'right' in changes:
        val = val._replace(labels=val.scores.argmax(1))
    if 'noise' in changes:
        val = val._replace(labels=np.random.default_rng(1).permutation(val.labels), scores=val.scores)
    with pytest.raises(UserError, match=message):
        fit(val)


@pytest.mark.parametrize('power', [0, 0.5, 1])
def test_the_class_mix_of_images_as_a_power_of_the_counts(power):
    labels = np.repeat(np.arange(len(COUNTS)), (1000 * COUNTS**power / COUNTS[-1] ** power).astype(int))
    assert power_of(labels, COUNTS) == pytest.approx(power, abs=1e-3)
