"""Thresholds by shot group of the answer, and the coverage that they give."""

import math

import numpy as np
import pytest
from predictions_by_chance import random_predictions

from ltcl.calibration.rejection import choose_thresholds, coverage, lowest_threshold


def by_trying(confidence, is_right, precision):
    """Most answers that a threshold gives of which enough are right, and the share of right ones."""
    found = []
    for least in np.unique(confidence):
        given = confidence >= least
        if given.sum() >= 10 and is_right[given].mean() >= precision:
            found.append((given.sum(), is_right[given].mean()))
    return max(found, default=(0, math.nan))


@pytest.mark.parametrize('precision', [0.5, 0.8, 0.95])
@pytest.mark.parametrize('seed', range(3))
def test_the_lowest_threshold_gives_the_most_answers(precision, seed):
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(size=300).round(2)  # with ties
    is_right = rng.uniform(size=300) < confidence
    least = lowest_threshold(confidence, is_right, precision)
    given = confidence >= least
    number, share = by_trying(confidence, is_right, precision)
    assert given.sum() == number
    assert is_right[given].mean() == pytest.approx(share)


def test_ends():
    confidence = np.linspace(0.1, 0.9, 20)
    assert lowest_threshold(confidence, np.ones(20, bool), 0.9) == 0
    assert lowest_threshold(confidence, np.zeros(20, bool), 0.9) == math.inf
    assert lowest_threshold(confidence[:9], np.ones(9, bool), 0.9) == math.inf  # nine answers say too little
    assert lowest_threshold(np.zeros(0), np.zeros(0, bool), 0.9) == math.inf


def test_a_threshold_for_each_group_of_answers():
    val = random_predictions(0, 2000)
    found, shared = choose_thresholds(val, 0.8)
    assert shared == ()
    answers, probabilities = val.scores.argmax(1), val.probabilities.max(1)
    few = answers == 3
    assert found['few'] == lowest_threshold(probabilities[few], (answers == val.labels)[few], 0.8)
    kept = coverage(val, found)
    assert sum(kept[name].given for name in ('many', 'medium', 'few')) == kept['all'].given
    for each in kept.values():
        assert each.precision >= 0.8
        assert each.interval[0] < each.precision < each.interval[1]
    given = few & (probabilities >= found['few'])
    assert (kept['few'].answers, kept['few'].given) == (few.sum(), given.sum())
    assert kept['few'].right == (val.labels[given] == 3).sum()


def test_few_answers_and_unknown_groups():
    val = random_predictions(0, 150)
    found, shared = choose_thresholds(val, 0.8)
    assert 'few' in shared
    whole, _ = choose_thresholds(val._replace(class_counts=np.full(4, -1)), 0.8)
    assert found['few'] == whole['all']
    assert list(coverage(val._replace(class_counts=np.full(4, -1)), whole)) == ['all']
