"""What is said of masks: labels, colours, files, sizes, and what is no fault."""

import logging

import numpy as np
import pytest
from mmengine.dataset import Compose
from PIL import Image

from ltcl.datasets.seg_masks import (
    CheckLabels,
    LabelRule,
    Look,
    ReadMask,
    Survey,
    diagnose,
    find_mask_sets,
    look_at,
    remarks,
)
from ltcl.datasets.seg_masks.survey import sample_positions
from ltcl.errors import UserError


def rule_of(num_classes, void=255):
    return LabelRule(tuple(f'c{i}' for i in range(num_classes)), frozenset({void} - {None}))


def seen(*maps, total=None, **about):
    return Survey([Look(f'{i}.png', labels=labels, **about) for i, labels in enumerate(maps)], total or len(maps))


@pytest.mark.parametrize(
    ('maps', 'num_classes', 'words'),
    [
        ([(0, 255)], 2, ['255 (void', "stands for 'c1'", 'values=[0, 255]']),
        ([(0, 255), (0,)], 2, ['never 1', 'values=[0, 255]']),
        ([(1, 255)], 2, ['never 0', 'values=[255, 1]']),
        ([(0, 128)], 2, ['label 128', 'values=[0, 128]']),
        ([(1, 2)], 2, ['label 2', 'begin at 1', 'reduce_zero_label=True']),
        ([(0, 1), (0, 1, 2)], 2, ['1.png: label 2', 'reduce_zero_label=True', 'name 3 classes', '1 of the 2 masks']),
        ([(0, 127, 255)], 3, ['label 127', 'values=[0, 127, 255]']),
        ([(0, 1), (0, 1, 254)], 2, ['1.png: label 254', 'void=[254]', 'ignore_index=254']),
        ([tuple(range(5)), (30, 31, 32)], 5, ['1.png: label 32', 'name all classes', '1 of the 2']),
        ([(255,), (255,)], 3, ['every pixel of the 2 masks is void']),
        ([(-1, 0)], 3, ['label -1']),
    ],
)
def test_labels_that_are_errors(maps, num_classes, words):
    fault = diagnose(seen(*maps), rule_of(num_classes))
    assert all(word in fault for word in words), fault


def test_ignore_index_decides_what_is_void():
    assert diagnose(seen((0, 1, 254)), rule_of(2, void=254)) is None
    assert 'label 255' in diagnose(seen((0, 1, 255)), rule_of(2, void=254))
    assert 'label 255' in diagnose(seen((0, 1, 255)), rule_of(2, void=None))
    assert 'void' in diagnose(seen((0, 255), reduced=True), rule_of(3, void=254))


def test_labels_that_are_reduced():
    assert diagnose(seen((0, 1), reduced=True), rule_of(2)) is None
    assert 'leave it out if label 0 is a class' in diagnose(seen((0, 255), reduced=True), rule_of(2))
    assert 'leave it out if label 0 is a class' in diagnose(seen((255,), reduced=True), rule_of(2))
    assert 'label 2, 3 in the file,' in diagnose(seen((1, 2), reduced=True), rule_of(2))


def test_labels_that_are_none():
    for maps in ([(0, 1)], [(0, 1, 255)], [(0,), (1,)], [(0,), (0,)]):
        assert diagnose(seen(*maps), rule_of(2)) is None
    assert diagnose(seen((0, 255)), rule_of(3)) is None
    assert diagnose(seen((0, 255)), rule_of(2), with_void=False) is None


def test_remarks_are_exact_where_all_masks_were_seen():
    ((level, text),) = remarks(seen((0,), (0, 2)), rule_of(3))
    assert (level, text) == (logging.WARNING, "class 'c1' occurs in none of the 2 masks")
    ((level, text),) = remarks(seen((0,), (0,), total=50), rule_of(3))
    assert level == logging.INFO
    assert text == "2 classes ('c1', 'c2') occur in none of the 2 masks looked at, of 50"
    ((_, text),) = remarks(seen((0, 1), (255,)), rule_of(2))
    assert text.startswith('every pixel of the mask 1.png is void')
    ((_, text),) = remarks(seen((0, 1), (0, 255)), rule_of(2))
    assert text.startswith('the mask 1.png holds 0 and 255, which is void, and others hold 1')
    assert not list(remarks(seen((0, 1), (0, 1, 255), (0, 255)), rule_of(2)))
    assert not list(remarks(seen((1, 2)), rule_of(3, void=0)))  # a class that is ignored is not missed
    assert 'reduce_zero_label=True' in next(remarks(seen((1, 2)), rule_of(4)))[1]
    assert 'leave it out' in next(remarks(seen((0, 1, 255), reduced=True), rule_of(3)))[1]


def test_colours_are_listed():
    pixels = np.zeros((2, 2, 3), np.uint8)
    pixels[0, 0] = (0, 30, 200)  # blue, green, red
    look = look_at(dict(gt_seg_map=pixels, seg_map_path='m.png'))
    assert look.colours == ((0, 0, 0), (200, 30, 0))
    fault = diagnose(Survey([look], 1), rule_of(2))
    assert "type='ltcl.MapLabels', values=[[0, 0, 0], [200, 30, 0]]" in fault
    grey = look_at(dict(gt_seg_map=np.ones((2, 2, 2), np.uint8), seg_map_path='m.png'))
    assert 'values=[1]' in diagnose(Survey([grey], 1), rule_of(2))


@pytest.mark.parametrize('dtype', [np.uint8, np.int64, np.int16])
def test_a_rule_allows_classes_and_void(dtype):
    for void, labels, is_allowed in (
        (255, [0, 1, 255], True),
        (255, [0, 2], False),
        (255, [254], False),
        (1, [0, 1], True),
        (None, [255], False),
        (9, [9, 9], True),
    ):
        assert rule_of(2, void).allows(np.array([labels], dtype=dtype)) == is_allowed
    if dtype != np.uint8:
        assert not rule_of(2).allows(np.array([[-1, 0]], dtype=dtype))
        assert rule_of(2, -1).allows(np.array([[-1, 0]], dtype=dtype))


def test_positions_are_spread_and_drawn_by_seed():
    positions = sample_positions(1000, 10, seed=3)
    assert [position // 100 for position in positions] == list(range(10))
    assert positions == sample_positions(1000, 10, seed=3) != sample_positions(1000, 10, seed=4)
    assert sample_positions(7, 10, seed=0) == sample_positions(7, 'all', seed=0) == list(range(7))


def load_file(results):
    """As mmseg reads masks: 8 bits are kept."""
    with Image.open(results['seg_map_path']) as image:
        return {**results, 'gt_seg_map': np.asarray(image).astype(np.uint8)}


def read(path, **results):
    return ReadMask(load_file)(dict(seg_map_path=str(path), img_path='i.jpg', **results))


def test_files_that_cannot_be_masks(tmp_path):
    labels = np.ones((6, 8), np.uint8)
    Image.fromarray(labels).save(tmp_path / 'm.jpg')
    with pytest.raises(UserError, match=r'm\.jpg is a JPEG file'):
        read(tmp_path / 'm.jpg')
    with pytest.raises(UserError, match=r'there is no mask .*none\.png for the image i\.jpg'):
        read(tmp_path / 'none.png')
    (tmp_path / 'text.png').write_text('text')
    with pytest.raises(UserError, match=r'text\.png is no image file'):
        read(tmp_path / 'text.png')
    Image.fromarray(labels.astype(np.uint16) * 300).save(tmp_path / 'deep.png')
    with pytest.raises(UserError, match=r'holds the value 300, .*makes it 44'):
        read(tmp_path / 'deep.png')
    Image.fromarray(labels.astype(np.uint16)).save(tmp_path / 'fits.png')
    assert read(tmp_path / 'fits.png')['gt_seg_map'].max() == 1
    with pytest.raises(UserError, match=r'fits\.png has 8x6 pixels, but its image i\.jpg has 6x8; one is turned'):
        read(tmp_path / 'fits.png', ori_shape=(8, 6))
    with pytest.raises(UserError, match=r'has 8x6 pixels, but its image i.jpg has 9x6: each'):
        read(tmp_path / 'fits.png', ori_shape=(6, 9))
    with pytest.raises(UserError, match=r'names no mask for i.jpg: set data_prefix'):
        ReadMask(load_file)(dict(img_path='i.jpg'))


class LoadMyAnnotation:
    def __call__(self, results):
        return {**results, 'gt_seg_map': np.full((4, 4), results['label'], np.uint8)}


class Halve:
    def __call__(self, results):
        return {**results, 'gt_seg_map': results['gt_seg_map'] // 2}


class Branches:
    def __init__(self, *lists):
        self.subroutines = [Compose(steps) for steps in lists]

    def __call__(self, results):
        return [branch(dict(results)) for branch in self.subroutines]


Branches.__module__ = 'mmcv.transforms.processing'


class Set:
    def __init__(self, *steps, labels=(0,)):
        self.pipeline = Compose(steps)
        self.labels = labels

    def __len__(self):
        return len(self.labels)

    def get_data_info(self, index):
        return dict(label=self.labels[index], seg_map_path='m.png', img_path='i.png')


class Wrapper:
    def __init__(self, **inner):
        vars(self).update(inner)


def test_labels_are_looked_at_where_they_are_final():
    (mask_set,) = find_mask_sets(Set(LoadMyAnnotation(), Halve(), labels=(4, 6)))
    mask_set.guard_reading()
    assert [mask_set.read(i)['gt_seg_map'].max() for i in range(2)] == [2, 3]
    mask_set.check_labels(rule_of(3))
    assert mask_set.is_checked
    assert mask_set.dataset.pipeline(dict(label=4, seg_map_path='m.png'))['gt_seg_map'].max() == 2
    with pytest.raises(UserError, match=r'm\.png: label 3 is none of the 3 classes .*\(mask of i\.png\)'):
        mask_set.dataset.pipeline(mask_set.dataset.get_data_info(1))


def test_wrapped_and_joined_sets_are_found():
    inner = [Set(LoadMyAnnotation()), Set(Halve()), Set(LoadMyAnnotation())]
    found = find_mask_sets(Wrapper(dataset=Wrapper(datasets=inner)))
    assert [each.dataset for each in found] == [inner[0], inner[2]]  # the second reads no masks


def test_every_branch_of_a_test_with_augmentation_is_checked():
    branches = Branches([Halve(), LoadMyAnnotation()], [LoadMyAnnotation()])
    (mask_set,) = find_mask_sets(Set(branches))
    mask_set.guard_reading()
    mask_set.check_labels(rule_of(2))
    kinds = [[type(step) for step in branch.transforms] for branch in branches.subroutines]
    assert kinds == [[Halve, ReadMask, CheckLabels], [ReadMask, CheckLabels]]
