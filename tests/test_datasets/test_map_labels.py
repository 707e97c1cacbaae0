"""Values and colours of mask files become class numbers."""

import numpy as np
import pytest

from ltcl.datasets.transforms import MapLabels
from ltcl.errors import UserError


def mapped(pixels, **kwargs):
    results = dict(gt_seg_map=np.array(pixels, dtype=np.uint8), seg_map_path='m.png')
    labels = MapLabels(**kwargs).transform(results)['gt_seg_map']
    assert labels.dtype == np.uint8
    return labels.tolist()


def test_grey_levels_in_the_order_of_the_classes():
    assert mapped([[0, 255], [255, 0]], values=[0, 255]) == [[0, 1], [1, 0]]
    assert mapped([[0, 255], [9, 0]], values=[255, 0], void=[9]) == [[1, 0], [255, 1]]
    assert mapped([[0, 9]], values=[0], void=[9], ignore_index=254) == [[0, 254]]


def test_colours_come_in_opencvs_order():
    red, black, blue = [0, 0, 128], [0, 0, 0], [128, 0, 0]
    assert mapped([[red, black, blue]], values=[[0, 0, 0], [128, 0, 0], [0, 0, 128]]) == [[1, 0, 2]]
    transparent = [[[0, 0, 128, 7], [0, 0, 0, 255]]]
    assert mapped(transparent, values=[[0, 0, 0], [128, 0, 0]]) == [[1, 0]]


def test_grey_written_as_colours_is_grey():
    assert mapped([[[0, 0, 0], [1, 1, 1]]], values=[0, 1]) == [[0, 1]]
    assert mapped([[[0, 255], [1, 255]]], values=[0, 1]) == [[0, 1]]  # grey and alpha


def test_other_values_are_errors():
    with pytest.raises(UserError, match=r'm\.png holds the value 7, which is none'):
        mapped([[0, 7]], values=[0, 255])
    with pytest.raises(UserError, match=r'the colour \[1, 2, 3\]'):
        mapped([[[3, 2, 1]]], values=[[0, 0, 0]])
    for wrong in ([0, 300], [0, [1, 2]], [0, 'red'], [0, 0]):
        with pytest.raises(UserError, match='MapLabels'):
            MapLabels(values=wrong)
    with pytest.raises(UserError, match='leave reduce_zero_label'):
        MapLabels(values=[0, 1]).transform(dict(gt_seg_map=np.zeros((1, 1), np.uint8), reduce_zero_label=True))


def test_several_values_are_one_class():
    results = dict(gt_seg_map=np.array([[0, 7, 8, 9]], np.uint8))
    assert MapLabels([0, 7, 8], void=[9], labels=[0, 1, 1]).transform(results)['gt_seg_map'].tolist() == [
        [0, 1, 1, 255]
    ]
    with pytest.raises(UserError, match='must have one for each of the 2 values'):
        MapLabels([0, 7], labels=[0])
