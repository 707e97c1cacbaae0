"""Own images: every layout, the division, the classes, and what is wrong with a folder or a list."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from ltcl.datasets import CachedFeatures, own_images
from ltcl.errors import UserError
from ltcl.registry import DATASETS

# Keeping the infos pickled costs a second of garbage collection.
OwnImages = partial(own_images.OwnImages, serialize_data=False)
COUNTS = {'barn owl': 10, 'Finch': 5, 'wren': 1}
CLASSES = ('Finch', 'barn owl', 'wren')


def touch(root: Path, counts: dict[str, int] = COUNTS) -> Path:
    for name, count in counts.items():
        (root / name).mkdir(parents=True, exist_ok=True)
        for i in range(count):
            (root / name / f'IMG {i}.{"JPG" if i % 2 else "png"}').touch()
    return root


def lines_of(root: Path, base: Path) -> list[tuple[str, str]]:
    return [(str(path.relative_to(base)), path.parent.name) for path in sorted(root.glob('*/*'))]


def write_csv(path: Path, rows: list[tuple]) -> None:
    path.write_text(''.join(f'{image},{label}\n' for image, label in rows))


@pytest.fixture
def logged(monkeypatch):
    """Messages of the data set."""
    messages = []
    monkeypatch.setattr('ltcl.notices.print_log', lambda message, **_: messages.append(message))
    return messages


def paths(root: Path, split: str, **arguments: object) -> set[str]:
    dataset = OwnImages(str(root), split, **arguments)
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    # Each image has the label of its folder.
    assert all(dataset.metainfo['classes'][info['gt_label']] == Path(info['img_path']).parent.name for info in infos)
    found = [str(Path(info['img_path']).relative_to(root)) for info in infos]
    assert len(found) == len(set(found))
    return set(found)


def test_class_folders_are_divided(tmp_path, logged):
    root = touch(tmp_path / 'birds')
    dataset = DATASETS.build(dict(type='ltcl.OwnImages', data_root=str(root), pipeline=[]))
    assert dataset.metainfo['classes'] == CLASSES
    assert dataset.get_gt_labels().tolist() == [0] * 4 + [1] * 8 + [2]
    assert isinstance(dataset.get_data_info(0)['gt_label'], int)
    assert not dataset.test_mode
    val = OwnImages(str(root), 'val')
    assert val.get_gt_labels().tolist() == [0, 1, 1]
    assert val.test_mode
    train_paths, val_paths = paths(root, 'train'), paths(root, 'val')
    assert not train_paths & val_paths
    assert train_paths | val_paths == paths(root, 'all') == {path for path, _ in lines_of(root, root)}
    assert paths(root, 'test') == val_paths
    assert OwnImages(str(root), 'test').measured_split == val.measured_split == 'val'
    cached = CachedFeatures(dict(type='ltcl.OwnImages', data_root=str(root), split='test'), [], lazy_init=True)
    assert cached.measured_split == 'val'
    assert logged[0] == (
        f'train: {root} without 20 % of each class (drawn with seed 0): 13 images of 3 classes, 8 (barn owl) to 1 '
        '(wren), imbalance factor 8'
    )
    assert logged[1].endswith('3 images of 2 classes, 2 (barn owl) to 1 (Finch), imbalance factor 2; no image of wren')
    assert logged[-1].startswith('test: there is no test set, so the images of validation: 20 % of each class of')


def test_share_and_seed_choose_the_division(tmp_path):
    root = touch(tmp_path)
    halves = [frozenset(paths(root, 'val', val_share=0.5, split_seed=seed)) for seed in range(4)]
    assert {len(half) for half in halves} == {8}
    assert len(set(halves)) == 4


def test_division_is_that_of_the_images_not_of_the_layout(tmp_path):
    folders, listed = touch(tmp_path / 'a'), touch(tmp_path / 'b')
    rows = lines_of(listed, listed)
    np.random.default_rng(0).shuffle(rows)
    write_csv(listed / 'train.csv', rows)
    assert paths(listed, 'val') == paths(folders, 'val')
    assert paths(listed, 'train') == paths(folders, 'train')


def test_parts_in_folders(tmp_path):
    touch(tmp_path / 'train')
    touch(tmp_path / 'val', {'wren': 2, 'Finch': 0})
    root = tmp_path
    assert len(paths(root, 'train')) == 16
    assert paths(root, 'val') == paths(root, 'test') == {'val/wren/IMG 0.png', 'val/wren/IMG 1.JPG'}
    touch(tmp_path / 'test', {'Finch': 1})
    assert paths(root, 'test') == {'test/Finch/IMG 0.png'}
    assert OwnImages(str(root), 'test').measured_split == 'test'
    assert len(paths(root, 'all')) == 19


def test_validation_is_drawn_from_the_training_folder_beside_a_test_folder(tmp_path):
    touch(tmp_path / 'train')
    touch(tmp_path / 'test', {'Finch': 1})
    assert (len(paths(tmp_path, 'train')), len(paths(tmp_path, 'val'))) == (13, 3)
    assert paths(tmp_path, 'test') == {'test/Finch/IMG 0.png'}


def test_class_named_train(tmp_path):
    touch(tmp_path, {'train': 3, 'car': 4})
    assert OwnImages(str(tmp_path)).metainfo['classes'] == ('car', 'train')


def test_numbers_with_and_without_names(tmp_path):
    touch(tmp_path / 'images')
    numbers = {'wren': 0, 'barn owl': 1, 'Finch': 3}
    rows = [f'{path} {numbers[name]}\n' for path, name in lines_of(tmp_path / 'images', tmp_path)]
    (tmp_path / 'train.txt').write_text(''.join(rows))
    assert OwnImages(str(tmp_path)).metainfo['classes'] == ('0', '1', '2', '3')
    (tmp_path / 'classes.txt').write_text('wren\nbarn owl\n\ncrow\nFinch\nrook\n')
    assert OwnImages(str(tmp_path)).metainfo['classes'] == ('wren', 'barn owl', 'crow', 'Finch', 'rook')
    assert len(paths(tmp_path, 'val')) == 3


def test_names_come_from_the_training_images_unless_they_are_given(tmp_path):
    touch(tmp_path / 'test', {'wren': 2})
    given = dict(classes=['crow', 'wren'])
    assert OwnImages(str(tmp_path), 'test', **given).get_gt_labels().tolist() == [1, 1]
    with pytest.raises(UserError, match=r'has no training images, so nothing tells the classes: .*classes.txt'):
        OwnImages(str(tmp_path), 'test')
    with pytest.raises(UserError, match='has no images for train, only for test'):
        OwnImages(str(tmp_path), 'train', **given)
    (tmp_path / 'classes.txt').write_text('wren\n')
    assert OwnImages(str(tmp_path), 'test').get_gt_labels().tolist() == [0, 0]


def test_classes_are_known_before_the_images_are(tmp_path):
    write_csv(tmp_path / 'train.csv', [('no/file.jpg', 'wren'), ('no/other.jpg', 'crow')])
    assert OwnImages(str(tmp_path), lazy_init=True).metainfo['classes'] == ('crow', 'wren')


def test_class_without_training_images_is_told(tmp_path, logged):
    touch(tmp_path, {**COUNTS, 'crow': 0})
    dataset = OwnImages(str(tmp_path))
    assert len(dataset.metainfo['classes']) == 4
    assert f'{tmp_path}: 1 of 4 classes have no training image: crow' in logged


def test_repeated_image_counts_once_and_is_told_once(tmp_path, logged):
    touch(tmp_path)
    rows = lines_of(tmp_path, tmp_path)
    write_csv(tmp_path / 'train.csv', [*rows, rows[3]])
    assert len(paths(tmp_path, 'train')) + len(paths(tmp_path, 'val')) == len(rows)
    assert [message for message in logged if 'lines repeat' in message] == [
        f'{tmp_path}/train.csv: 1 lines repeat an image of an earlier one, the first is line {len(rows) + 1} '
        f'({rows[3][0]})'
    ]


def test_image_in_training_and_validation_is_told(tmp_path, logged):
    touch(tmp_path)
    rows = lines_of(tmp_path, tmp_path)
    write_csv(tmp_path / 'train.csv', rows)
    write_csv(tmp_path / 'val.csv', rows[:2])
    assert len(paths(tmp_path, 'val')) == 2
    assert logged[-1] == (
        f'2 of the 2 images of {tmp_path}/val.csv are training images as well, such as {rows[0][0]}: accuracy on them '
        'says little'
    )


def make_lists(root: Path, train: str, val: str = '') -> None:
    touch(root)
    (root / 'train.csv').write_text(train)
    if val:
        (root / 'val.csv').write_text(val)


TWO = 'wren/IMG 0.png,wren\nFinch/IMG 0.png,Finch\n'
FOLDER_MISTAKES = [
    (lambda root: None, {}, 'the folder of images .*/birds does not exist: --cfg-options data_root=FOLDER'),
    (lambda root: root.mkdir(), {}, 'has no images in a form that is known: class folders, or train/'),
    (lambda root: touch(root, {'a': 0, 'b': 0}), {}, 'birds hold no image'),
    (lambda root: touch(root, {'a': 1, 'b': 2}), {'split': 'val'}, 'val_share=0.2 leaves no image for validation'),
    (touch, {'val_share': 1.5}, 'val_share must be at least 0 and less than 1, got 1.5'),
    (touch, {'split': 'dev'}, "split must be one of train, val, test, all, got 'dev'"),
    (touch, {'classes': ['wren', 'Finch']}, 'has folders that are none of the 2 classes: barn owl'),
    (lambda root: make_lists(root, TWO, 'x.jpg,crow\n'), {'split': 'val'}, "line 1: .*'crow'"),
    (
        lambda root: make_lists(root, 'wren/IMG 0.png,0\na.jpg,1', 'x.jpg,2\n'),
        {'split': 'val'},
        'line 1: label 2 .* 0 to 1',
    ),
    (lambda root: make_lists(root, TWO + 'x.jpg,wren\n'), {}, r'line 3: the image .*/x.jpg does not'),
    (lambda root: make_lists(root, 'a.jpg,wren\na.jpg,crow\n'), {}, 'a.jpg has the label wren in line 1 and crow in'),
    (lambda root: (make_lists(root, 'a.jpg,0'), (root / 'train.txt').touch()), {}, 'both train.txt and train.csv'),
    (lambda root: make_lists(root, '\n'), {}, 'train.csv names no image'),
]


@pytest.mark.parametrize(('make', 'arguments', 'message'), FOLDER_MISTAKES)
def test_mistakes_name_the_place(tmp_path, make, arguments, message):
    make(tmp_path / 'birds')
    with pytest.raises(UserError, match=message):
        OwnImages(str(tmp_path / 'birds'), **arguments)
