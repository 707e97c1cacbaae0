"""Intervals of accuracies."""

import numpy as np
import pytest
from scipy.stats import binomtest

from ltcl.predictions.intervals import macro_interval, wilson_interval


def test_wilson_interval_is_that_of_scipy():
    hits, totals = np.array([0, 3, 7, 10, 0]), np.array([5, 4, 20, 10, 0])
    low, high = wilson_interval(hits, totals, confidence=0.9)
    for label in range(4):
        expected = binomtest(int(hits[label]), int(totals[label])).proportion_ci(0.9, method='wilson')
        assert (low[label], high[label]) == pytest.approx((expected.low, expected.high))
    assert np.isnan([low[4], high[4]]).all()


def test_macro_interval_of_equal_classes_is_the_normal_one():
    hits, totals = np.full(40, 30), np.full(40, 50)
    low, high = macro_interval(hits, totals)
    half = 1.96 * np.sqrt(0.6 * 0.4 / 50 / 40)
    assert (low, high) == pytest.approx((0.6 - half, 0.6 + half), abs=0.002)
    assert macro_interval(hits, totals) == (low, high)  # drawn by a seed


def test_classes_without_images_count_nowhere():
    assert macro_interval(np.array([4, 0]), np.array([4, 0])) == (1, 1)
    assert np.isnan(macro_interval(np.zeros(2), np.zeros(2))).all()
