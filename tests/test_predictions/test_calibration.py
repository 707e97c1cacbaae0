"""Calibration errors against the formulas, written as loops."""

import numpy as np
import pytest
from sklearn.metrics import log_loss as sklearn_log_loss

from ltcl.predictions.calibration import (
    bin_sums,
    binned_error,
    calibration_error,
    class_bin_sums,
    classwise_calibration_error,
    log_loss,
    reliability,
)


def looped(confidence, is_right, num_bins):
    total = 0
    for low in range(num_bins):
        inside = (confidence > low / num_bins) & (confidence <= (low + 1) / num_bins)
        if inside.any():
            total += inside.sum() * abs(confidence[inside].mean() - is_right[inside].mean())
    return total / len(confidence)


def test_equal_to_the_loop():
    rng = np.random.default_rng(1)
    probabilities = rng.dirichlet(np.full(4, 0.5), 300)
    labels = rng.integers(0, 3, 300)  # one class is absent
    confidence, is_right = probabilities.max(1), probabilities.argmax(1) == labels
    for num_bins in (15, 7):
        assert calibration_error(confidence, is_right, num_bins) == pytest.approx(
            looped(confidence, is_right, num_bins)
        )
    expected = np.mean([looped(probabilities[:, label], labels == label, 15) for label in range(4)])
    assert classwise_calibration_error(probabilities, labels) == pytest.approx(expected)
    assert log_loss(probabilities, labels) == pytest.approx(sklearn_log_loss(labels, probabilities, labels=range(4)))


def test_classes_add_up():
    rng = np.random.default_rng(2)
    labels, confidence, is_right = rng.integers(0, 3, 200), rng.random(200), rng.random(200) < 0.5
    sums = class_bin_sums(labels, confidence, is_right, num_classes=4)
    for label in range(3):
        member = labels == label
        assert binned_error(sums[label]) == pytest.approx(looped(confidence[member], is_right[member], 15))
    assert not sums[3].any()
    assert np.isnan(binned_error(sums[3]))
    np.testing.assert_allclose(sums.sum(0), bin_sums(confidence, is_right), rtol=1e-12)


def test_bins_hold_their_upper_end():
    bins = reliability(bin_sums(np.array([0.0, 0.5, 0.75, 1.0]), np.array([False, True, False, True]), num_bins=2))
    assert bins['count'].tolist() == [2, 2]
    assert bins['confidence'].tolist() == [0.25, 0.875]
    assert bins['accuracy'].tolist() == [0.5, 0.5]


def test_extremes():
    right = np.array([True, True])
    assert calibration_error(np.ones(2), right) == 0
    assert calibration_error(np.ones(2), ~right) == 1
    nothing = np.zeros((0, 3))
    assert np.isnan(calibration_error(np.zeros(0), np.zeros(0, bool)))
    assert np.isnan([classwise_calibration_error(nothing, np.zeros(0, int)), log_loss(nothing, np.zeros(0, int))]).all()
