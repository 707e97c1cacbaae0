"""Counting classes in label maps."""

import numpy as np
import pytest

from ltcl.analysis.seg_class_stats import (
    PUBLISHED,
    annotations_only,
    count_dataset,
    count_pixels,
    published_name,
    sum_up,
)
from ltcl.errors import UserError

LOAD = dict(type='LoadAnnotations')


def test_pixels_of_one_map():
    labels = np.array([[0, 2, 2], [255, 255, 4]], dtype=np.uint8)
    assert count_pixels(labels, 6).tolist() == [1, 0, 2, 0, 1, 0]
    assert count_pixels(labels, 256, ignore_index=None)[255] == 2
    assert count_pixels(labels, 256, ignore_index=2)[[2, 255]].tolist() == [0, 2]
    assert count_pixels(np.full((2, 2), 255, dtype=np.uint8), 3).tolist() == [0, 0, 0]
    with pytest.raises(UserError, match='label 4 is none of the 3 classes'):
        count_pixels(labels, 3)
    with pytest.raises(UserError, match='label 255 is none'):
        count_pixels(labels, 6, ignore_index=254)


def test_sums():
    stats = sum_up([np.array([3, 0, 1]), np.array([5, 0, 0])], ['a', 'b', 'c'])
    assert (stats.num_images, stats.image, stats.pixel) == (2, [2, 0, 1], [8, 0, 1])


@pytest.mark.parametrize('name', PUBLISHED)
def test_published_tables_are_recognised(name):
    for key, (total, first, last) in PUBLISHED[name].items():
        counts = [*first, total - sum(first) - sum(last), *last]
        assert published_name(counts, key) == name
        counts[3] += 1
        assert published_name(counts, key) is None


def test_only_label_maps_are_read():
    plain = dict(type='A', pipeline=[dict(type='LoadImageFromFile'), LOAD, dict(type='Resize')])
    assert annotations_only(plain) == dict(type='A', pipeline=[LOAD])
    mixed = dict(type='RepeatDataset', times=9, dataset=dict(type='ConcatDataset', datasets=[plain, plain]))
    assert annotations_only(mixed) == dict(type='ConcatDataset', datasets=[annotations_only(plain)] * 2)
    assert len(plain['pipeline']) == 3
    with pytest.raises(UserError, match='pipeline of B has no LoadAnnotations'):
        annotations_only(dict(type='B', pipeline=[]))


class Maps(list):
    metainfo = dict(classes=('a', 'b'))

    def __getitem__(self, idx):
        return dict(gt_seg_map=np.array(super().__getitem__(idx)), seg_map_path=f'{idx}.png')


def test_data_sets():
    assert count_dataset(Maps([[0, 0], [1, 0], [255, 255]]), workers=2).pixel == [3, 1]
    with pytest.raises(UserError, match=r'1.png: label 2 is none of the 2 classes .*values=\[0, 2\]'):
        count_dataset(Maps([[0], [2]]))
    with pytest.raises(UserError, match='has no image'):
        count_dataset(Maps())
