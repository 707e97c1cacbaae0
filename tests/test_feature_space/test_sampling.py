import numpy as np
import pytest

from ltcl.feature_space.sampling import keep_the_tail, spread_evenly

SIZES = (1000, 200, 30, 4, 1)
LABELS = np.random.default_rng(0).permutation(np.repeat(np.arange(5), SIZES))


@pytest.mark.parametrize(
    ('most', 'expected'),
    [(2000, list(SIZES)), (100, [33, 32, 30, 4, 1]), (20, [5, 5, 5, 4, 1]), (3, [1, 1, 1, 1, 1])],
)
def test_small_classes_stay_whole(most, expected):
    chosen = keep_the_tail(LABELS, most)
    assert sorted(np.bincount(LABELS[chosen]), reverse=True) == pytest.approx(expected, abs=1)
    assert np.bincount(LABELS[chosen])[2:].tolist() == expected[2:]
    assert len(chosen) == max(min(most, len(LABELS)), len(SIZES))
    assert (np.diff(chosen) > 0).all()


def test_the_draw_follows_the_seed():
    assert keep_the_tail(LABELS, 100, seed=1).tolist() == keep_the_tail(LABELS, 100, seed=1).tolist()
    assert keep_the_tail(LABELS, 100, seed=1).tolist() != keep_the_tail(LABELS, 100, seed=2).tolist()


def test_classes_without_images_are_no_trouble():
    assert keep_the_tail(np.array([3, 3, 7]), 2).tolist() in ([0, 2], [1, 2])


def test_spread_evenly():
    assert spread_evenly(10, 4).tolist() == [0, 3, 6, 9]
    assert spread_evenly(3, 4).tolist() == [0, 1, 2]
