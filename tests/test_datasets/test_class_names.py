"""Names of classes: order, spellings and what labels mean."""

import unicodedata

import pytest

from ltcl.datasets.class_names import find_labels, refuse_lookalikes, sort_names
from ltcl.datasets.folder_names import is_general, part_of, part_of_list
from ltcl.errors import UserError


def test_numbers_sort_by_value_and_names_by_alphabet():
    assert sort_names(['10', '9', '1']) == ['1', '9', '10']
    assert sort_names(['10', '9', 'b', 'B']) == ['10', '9', 'B', 'b']


def test_labels_of_names():
    one, other = (unicodedata.normalize(form, 'été') for form in ('NFC', 'NFD'))
    assert find_labels([one, other, 'x'], ['y', other]).tolist() == [1, 1, -1]
    assert find_labels(['1', '01', '2', 'x'], ['02', '01']).tolist() == [1, 1, 0, -1]
    assert find_labels(['01'], ['1', 'x']).tolist() == [-1]


@pytest.mark.parametrize('names', [('Rose', 'rose'), ('sea  lion', 'Sea Lion'), ('1', '01'), ('STRASSE', 'Straße')])
def test_lookalikes(names):
    with pytest.raises(UserError, match=r'which look like one: write them alike, or name all classes in classes.txt'):
        refuse_lookalikes(names, 'here')


def test_written_letters_are_no_lookalikes():
    assert refuse_lookalikes(['a', 'A', 'b', '1', '10', 'l'], 'here') is None


@pytest.mark.parametrize(
    ('name', 'part'),
    [
        ('Train', 'train'),
        ('TRAINING', 'train'),
        ('train_images', 'train'),
        ('01-train-2019', 'train'),
        ('valid', 'val'),
        ('Validation Set', 'val'),
        ('testing', 'test'),
        ('trainers', None),
        ('invalid', None),
        ('contest', None),
        ('devil', None),
        ('train_val', None),
        ('tests of wood', None),
    ],
)
def test_names_of_parts(name, part):
    assert part_of(name) == part


@pytest.mark.parametrize(
    ('stem', 'part'),
    [
        ('train', ('train', 0)),
        ('Valid', ('val', 1)),
        ('trainLabels', ('train', 1)),
        ('labels_test', ('test', 1)),
        ('ISIC_2019_Training_GroundTruth', ('train', 2)),
        ('birds-val-v2', ('val', 2)),
        ('labels', (None, 2)),
        ('train_val_list', (None, 2)),
        ('sample', (None, 2)),
    ],
)
def test_names_of_lists(stem, part):
    assert part_of_list(stem) == part


def test_names_that_say_nothing_of_a_class():
    for name in ('images', 'JPEGImages', 'masks', 'fold_1', 'HAM10000_images_part_2', 'batch_b', 'test'):
        assert is_general(name)
    for name in ('crow', 'imagery', 'partridge', 'part of a ship', 'grouper', 'splits and cracks', 'other'):
        assert not is_general(name)


def test_long_names_are_answered_at_once():
    assert part_of('dataset' * 36 + 'x') is None
    assert part_of_list('trainlabels' * 20)[0] is None
