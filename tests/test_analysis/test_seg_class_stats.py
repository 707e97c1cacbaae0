"""Counting the classes of a data set."""

import numpy as np
import pytest

from ltcl.analysis.seg_class_stats import annotations_only, count_dataset
from ltcl.errors import UserError

LOAD = dict(type='LoadAnnotations')


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
