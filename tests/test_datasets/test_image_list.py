"""Data sets that come as lists of image files."""

from pathlib import Path

import numpy as np
import pytest
from mmengine.fileio import LocalBackend
from PIL import Image

from ltcl.datasets import ImageListDataset, LongTailedDataset
from ltcl.errors import UserError
from ltcl.registry import DATASETS


def write(folder: Path, text: str | bytes, name: str = 'list.txt') -> str:
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return str(folder / name)


def touch(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()


@pytest.fixture
def warnings(monkeypatch):
    """What is logged while a list is read."""
    messages = []
    monkeypatch.setattr('ltcl.notices.print_log', lambda message, **_: messages.append(message))
    return messages


def test_paths_labels_and_classes(tmp_path):
    write(tmp_path, 'train/a/1.jpg 2\r\n  train/b/2.jpg\t0  \r\n\r\ntrain/a/3.jpg 2')
    touch(tmp_path, 'train/a/1.jpg', 'train/b/2.jpg', 'train/a/3.jpg')
    dataset = DATASETS.build(dict(type='ltcl.ImageListDataset', ann_file='list.txt', data_root=str(tmp_path)))
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    assert [info['img_path'] for info in infos] == [
        str(tmp_path / path) for path in ('train/a/1.jpg', 'train/b/2.jpg', 'train/a/3.jpg')
    ]
    assert dataset.get_gt_labels().tolist() == [2, 0, 2]
    assert [type(info['gt_label']) for info in infos] == [int] * 3
    assert dataset.metainfo['classes'] == ('0', '1', '2')


def test_classes_are_known_before_the_list_is_read(tmp_path):
    names = write(tmp_path, 'tench\ngoldfish \ngreat white shark\n\n', 'names.txt')
    missing = dict(ann_file='no.txt', data_root=str(tmp_path), lazy_init=True)
    by_number = ImageListDataset(**missing, num_classes=4)
    assert by_number.metainfo['classes'] == ('0', '1', '2', '3')
    by_name = ImageListDataset(**missing, classes=names, num_classes=3)
    assert by_name.metainfo['classes'] == ('tench', 'goldfish', 'great white shark')
    assert ImageListDataset(**missing, classes=['a', 'b']).metainfo['classes'] == ('a', 'b')
    assert ImageListDataset(**missing, metainfo=dict(classes=('a', 'b'))).metainfo['classes'] == ('a', 'b')


def test_classes_without_images_stay_and_a_training_set_warns_of_them(tmp_path, warnings):
    path = write(tmp_path, 'a.jpg 1\n')
    dataset = ImageListDataset(path, num_classes=5, check_files='none')
    assert len(dataset.metainfo['classes']) == 5
    assert dataset.get_gt_labels().tolist() == [1]
    assert warnings == [f'{path}: 4 of 5 classes have no training image: 0, 2, 3, 4']
    ImageListDataset(path, num_classes=5, check_files='none', test_mode=True)
    assert len(warnings) == 1


def test_images_below_a_prefix_load(tmp_path):
    (tmp_path / 'images').mkdir()
    Image.new('RGB', (6, 4), (250, 0, 0)).save(tmp_path / 'images/red.png')
    dataset = ImageListDataset(
        write(tmp_path, 'red.png 0\n'),
        data_root=str(tmp_path),
        data_prefix='images',
        pipeline=[dict(type='LoadImageFromFile')],
    )
    assert dataset[0]['img'].shape == (4, 6, 3)


def test_subsets_and_long_tails(tmp_path):
    path = write(tmp_path, ''.join(f'{i}.jpg {i % 3}\n' for i in range(30)))
    missing = dict(check_files='none')
    assert ImageListDataset(path, indices=7, **missing).get_gt_labels().tolist() == [0, 1, 2, 0, 1, 2, 0]
    tailed = LongTailedDataset(ImageListDataset(path, **missing), imbalance_factor=5)
    assert np.bincount(tailed.get_gt_labels()).tolist() == [10, 4, 2]


@pytest.mark.parametrize(
    ('text', 'arguments', 'message'),
    [
        ('a.jpg 0\n\nb.jpg\n', {}, r'list.txt, line 3: expected "relative/path label", got \'b.jpg\''),
        ('a.jpg 0\r\n\r\nmy dog.jpg\r\n', {}, "list.txt, line 3: the label of my must be .* got 'dog.jpg'"),
        ('a.jpg 0\nb.jpg dog\n', {}, 'list.txt, line 2: .* whole number from 0'),
        ('a.jpg -1\n', {}, 'list.txt, line 1: .* whole number from 0'),
        ('a.jpg 1.0\n', {}, 'list.txt, line 1: .* whole number from 0'),
        ('a.jpg 99999999999999999999\n', {}, 'list.txt, line 1: '),
        (
            '\na.jpg 1\nb.jpg 3\nc.jpg 4\n',
            dict(num_classes=3),
            'list.txt, line 3: label 3 of b.jpg is outside the classes, 0 to 2',
        ),
        ('a.jpg 2\n', dict(classes=['a', 'b']), 'list.txt, line 1: label 2 .* 0 to 1'),
        ('a.jpg dog\nb.jpg dgo\n', dict(classes=['cat', 'dog']), "line 2: the label 'dgo' of b.jpg is none of the 2"),
        ('a.jpg 0\nb.jpg 1\n\na.jpg 1\n', {}, 'a.jpg has the label 0 in line 1 and 1 in line 4: keep one'),
        ('a.jpg,0\nb.jpg,1,2\n', {}, 'line 2: cannot be split into the cells of the first line .* double quotes'),
        ('a.jpg,0\n,1\n', {}, "line 2: expected .relative/path,label., got ',1'"),
        ('a.jpg,0\nb.jpg\n', {}, "line 2: expected .relative/path,label., got 'b.jpg,'"),
        ('id,name,kind\n1,a.jpg,0\n', {}, 'line 1: expected the two columns path and label, got 3 columns'),
        ('path,label\n', {}, 'names no image'),
        ('', {}, 'list.txt names no image'),
        (' \n\n', {}, 'list.txt names no image'),
        (b'\xff\xd8\xff\xe0', {}, 'cannot read the list .*list.txt .*UTF-8 or set ann_file'),
        ('a.jpg 0\n', dict(num_classes=0), 'must be at least 1, got 0'),
        ('a.jpg 0\n', dict(num_classes=3, classes=['a', 'b']), 'num_classes .* is 3, but there are 2 names'),
        ('a.jpg 0\n', dict(classes='no/names.txt'), 'no/names.txt .No such file or directory.: .* classes'),
    ],
)
def test_mistakes_name_file_and_line(tmp_path, text, arguments, message):
    path = write(tmp_path, text)
    with pytest.raises(UserError, match=message):
        ImageListDataset(path, check_files='none', **arguments)


def test_missing_list_is_named(tmp_path):
    with pytest.raises(
        UserError, match=r'cannot read the list .*/no.txt \(No such file or directory\): .*set ann_file'
    ):
        ImageListDataset('no.txt', data_root=str(tmp_path))


@pytest.mark.parametrize(
    ('name', 'text'),
    [
        ('list.txt', 'a b/1.jpg 2\nc/2.png 0\n'),
        ('list.txt', '\ufeffa b/1.jpg 2\r\nc/2.png 0  \r\n'),
        ('list.txt', 'a b\\1.jpg\t2\nc\\2.png 0\n'),
        ('list.txt', 'path,label\na b/1.jpg,2\n\nc/2.png,0\n'),
        ('list.csv', 'a b/1.jpg 2\nc/2.png 0\n'),
        ('list.csv', 'a b/1.jpg,2\n\nc/2.png,0\n'),
        ('list.csv', '\ufeff"a b/1.jpg" , 2\r\nc/2.png,0\r\n'),
        ('list.csv', 'image,species\na b\\1.jpg,2\nc/2.png,0\n'),
        ('LIST.CSV', 'id;label;Path\n7;2;a b/1.jpg\n8;0;c/2.png\n'),
    ],
)
def test_forms_of_a_list(tmp_path, name, text):
    dataset = ImageListDataset(write(tmp_path, text, name), check_files='none')
    assert [info['img_path'] for info in dataset] == ['a b/1.jpg', 'c/2.png']
    assert dataset.get_gt_labels().tolist() == [2, 0]


def test_labels_by_name(tmp_path):
    path = write(tmp_path, 'a.jpg,"fox, red"\nb.jpg,owl\n', 'list.csv')
    dataset = ImageListDataset(path, classes=['bat', 'owl', 'fox, red'], check_files='none')
    assert dataset.get_gt_labels().tolist() == [2, 1]


def test_repeated_images_are_told_and_kept(tmp_path, warnings):
    path = write(tmp_path, 'a.jpg 0\nb.jpg 1\na.jpg 0\na.jpg 0\n')
    assert len(ImageListDataset(path, check_files='none')) == 4
    assert warnings == [f'{path}: 2 lines repeat an image of an earlier one, the first is line 3 (a.jpg)']


def test_missing_images_are_found_at_the_start(tmp_path):
    path = write(tmp_path, 'a.jpg 0\n\nb.jpg 1\nc.jpg 1\n')
    touch(tmp_path, 'a.jpg', 'c.jpg')
    message = rf'list.txt, line 3: the image {tmp_path}/b.jpg does not exist \(1 of 3 .* correct data_root'
    for check in ('sample', 'all'):
        with pytest.raises(UserError, match=message):
            ImageListDataset(path, data_root=str(tmp_path), check_files=check)
    assert len(ImageListDataset(path, data_root=str(tmp_path), check_files='none')) == 3
    with pytest.raises(UserError, match="check_files must be one of sample, all, none, got 'some'"):
        ImageListDataset(path, check_files='some')


def test_of_a_long_list_a_sample_is_looked_for(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(LocalBackend, 'isfile', lambda _, path: not asked.append(path))
    path = write(tmp_path, ''.join(f'{i}.jpg 0\n' for i in range(1000)))
    ImageListDataset(path)
    assert len(set(asked)) == len(asked) == 256
    assert max(int(Path(path).stem) for path in asked) > 900
    first, asked[:] = sorted(asked), []
    ImageListDataset(path)
    assert sorted(asked) == first
