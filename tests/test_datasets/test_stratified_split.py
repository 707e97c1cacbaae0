"""The division into training and validation images."""

import numpy as np
import pytest

from ltcl.datasets import stratified_split
from ltcl.errors import UserError


@pytest.mark.parametrize('share', [0, 0.1, 0.2, 0.25, 0.5, 0.9])
def test_counts_of_each_class(share):
    counts = np.arange(1, 41)
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(40), counts))
    train, val = stratified_split(labels, share, seed=3)
    assert np.array_equal(np.sort(np.concatenate([train, val])), np.arange(len(labels)))
    assert (np.diff(train) > 0).all()
    assert (np.diff(val) > 0).all()
    in_val = np.bincount(labels[val], minlength=40)
    wanted = np.floor(share * counts + 0.5)
    assert in_val.tolist() == np.minimum(wanted, counts - 1).tolist()
    assert (np.bincount(labels[train], minlength=40) >= 1).all()


def test_the_draw_is_the_same_everywhere_and_another_with_another_seed():
    labels = np.array([0, 1, 0, 2, 0, 1, 0, 0, 1, 0, 3, 0])
    assert stratified_split(labels, 0.4)[1].tolist() == [1, 2, 6, 11]
    assert [stratified_split(labels, 0.4, seed)[1].tolist() for seed in range(5)].count([1, 2, 6, 11]) == 1


def test_every_image_of_a_class_is_drawn_alike():
    labels = np.repeat([0, 1], [10, 5])
    drawn = sum(np.bincount(stratified_split(labels, 0.4, seed)[1], minlength=15) for seed in range(1000))
    assert drawn[:10] == pytest.approx(np.full(10, 400), rel=0.15)
    assert drawn[10:] == pytest.approx(np.full(5, 400), rel=0.15)


def test_classes_without_images_and_no_images():
    train, val = stratified_split(np.array([5, 5, 5, 5, 2]), 0.5)
    assert (len(train), len(val)) == (3, 2)
    assert [len(part) for part in stratified_split(np.array([], dtype=np.int64), 0.5)] == [0, 0]


@pytest.mark.parametrize('share', [-0.1, 1, 20])
def test_share_out_of_range(share):
    with pytest.raises(UserError, match=f'val_share must be at least 0 and less than 1, got {share}'):
        stratified_split(np.array([0, 1]), share)


def test_groups_of_one_image_are_drawn_as_images_are():
    labels = np.random.default_rng(0).integers(0, 6, 60)
    for seed in range(5):
        names = np.random.default_rng(seed).permutation(60)
        for one, other in zip(
            stratified_split(labels, 0.3, seed), stratified_split(labels, 0.3, seed, names), strict=True
        ):
            assert one.tolist() == other.tolist()


@pytest.mark.parametrize('seed', range(20))
def test_groups_are_whole_and_no_class_is_lost(seed):
    rng = np.random.default_rng(seed)
    labels, groups = rng.integers(0, 8, 200) ** 2 // 8, rng.integers(0, 90, 200)
    train, val = stratified_split(labels, 0.4, seed, groups)
    assert sorted([*train, *val]) == list(range(200))
    assert not set(groups[train]) & set(groups[val])
    assert set(labels[train]) == set(labels)
    assert 0.2 < len(val) / 200 < 0.6


def test_share_is_of_the_groups_of_each_class_and_large_ones_stay_in_training():
    labels = np.repeat([0, 1], [100, 40])
    groups = np.concatenate([np.repeat(0, 50), np.arange(1, 51), 100 + np.arange(40) // 2])
    for seed in range(10):
        _, val = stratified_split(labels, 0.2, seed, groups)
        assert np.bincount(labels[val]).tolist() == [10, 8]  # of 51 groups and, of two images each, of 20
        assert 0 not in groups[val]


def test_group_of_two_classes_counts_as_the_rarer_and_goes_back_where_it_is_all_of_one():
    labels = np.array([0] * 10 + [1] * 2 + [2])
    groups = np.array([*range(9), 20, 20, 21, 21])  # the second of class 1 goes with the only one of class 2
    for seed in range(20):
        train, val = stratified_split(labels, 0.5, seed, groups)
        assert {11, 12} <= set(train)
        assert len({9, 10} & set(val)) != 1
    assert stratified_split(np.array([0, 0, 1]), 0.5, groups=np.array([3, 3, 3]))[1].tolist() == []
