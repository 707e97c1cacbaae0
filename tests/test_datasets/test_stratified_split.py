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
