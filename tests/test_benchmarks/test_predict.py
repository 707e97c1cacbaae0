"""The benchmark of predictions at a small size."""

import pytest


def test_figures(load):
    figures = load('predict').measure(number=3, rounds=1)
    assert len(figures) == 6
    for ours, bare, share in (figures[:3], figures[3:]):
        assert share.value == pytest.approx(ours.value / bare.value)
        assert share.goal == 0.9
