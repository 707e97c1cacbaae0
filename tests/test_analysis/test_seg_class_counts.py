"""The file of class counts: what is counted, and what stands in it."""

import numpy as np
import pytest

from ltcl.analysis.seg_class_counts import (
    PUBLISHED,
    SegClassCounts,
    count_pixels,
    load_class_counts,
    published_name,
    save_class_counts,
    sum_up,
)
from ltcl.errors import UserError


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


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / 'new' / 'counts.json'
    save_class_counts(path, SegClassCounts(['a', 'b'], 3, [2, 1], [90, 7]), options=dict(seed=1))
    assert load_class_counts(str(path), 'image') == [2, 1]
    assert load_class_counts(str(path), 'pixel') == [90, 7]
    with pytest.raises(UserError, match=r"counts.json has no list 'pixels'"):
        load_class_counts(str(path), 'pixels')
    with pytest.raises(UserError, match=r'there is no file .*none.json; write it with'):
        load_class_counts(str(tmp_path / 'none.json'), 'image')
