"""Data sets that come as lists of image files."""

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ltcl.datasets import ImageListDataset, LongTailedDataset, read_image_list
from ltcl.errors import UserError
from ltcl.registry import DATASETS


def write(folder: Path, text: str | bytes, name: str = 'list.txt') -> str:
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return str(folder / name)


def test_paths_labels_and_classes(tmp_path):
    write(tmp_path, 'train/a/1.jpg 2\r\n  train/b/2.jpg\t0  \r\n\r\ntrain/a/3.jpg 2')
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


def test_classes_without_images_stay(tmp_path):
    dataset = ImageListDataset(write(tmp_path, 'a.jpg 1\n'), num_classes=5)
    assert len(dataset.metainfo['classes']) == 5
    assert dataset.get_gt_labels().tolist() == [1]


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
    assert ImageListDataset(path, indices=7).get_gt_labels().tolist() == [0, 1, 2, 0, 1, 2, 0]
    tailed = LongTailedDataset(ImageListDataset(path), imbalance_factor=5)
    assert np.bincount(tailed.get_gt_labels()).tolist() == [10, 4, 2]


@pytest.mark.parametrize(
    ('text', 'arguments', 'message'),
    [
        ('a.jpg 0\n\nb.jpg\n', {}, r'list.txt, line 3: expected "relative/path label" .* got \'b.jpg\''),
        ('a.jpg 0\nmy dog.jpg 1\n', {}, r"list.txt, line 2: .* no space in the path, got 'my dog.jpg 1'"),
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
        ('', {}, 'list.txt names no image'),
        (' \n\n', {}, 'list.txt names no image'),
        (b'\xff\xd8\xff\xe0', {}, 'cannot read the list .*list.txt .*set ann_file'),
        ('a.jpg 0\n', dict(num_classes=0), 'must be at least 1, got 0'),
        ('a.jpg 0\n', dict(num_classes=3, classes=['a', 'b']), 'num_classes .* is 3, but there are 2 names'),
        ('a.jpg 0\n', dict(classes='no/names.txt'), 'no/names.txt .No such file or directory.: .* classes'),
    ],
)
def test_mistakes_name_file_and_line(tmp_path, text, arguments, message):
    path = write(tmp_path, text)
    with pytest.raises(UserError, match=message):
        ImageListDataset(path, **arguments)


def test_missing_list_is_named(tmp_path):
    with pytest.raises(
        UserError, match=r'cannot read the list .*/no.txt \(No such file or directory\): .*set ann_file'
    ):
        ImageListDataset('no.txt', data_root=str(tmp_path))


def test_inaturalist_is_read_within_seconds(tmp_path):
    num_images, num_classes = 437_513, 8142
    lines = (f'train_val2018/Plantae/{i % num_classes}/{i:032x}.jpg {i % num_classes}\n' for i in range(num_images))
    path = write(tmp_path, ''.join(lines))
    start = time.process_time()
    paths, labels = read_image_list(path, num_classes)
    assert time.process_time() - start < 3
    assert (len(paths), labels.shape, labels.dtype) == (num_images, (num_images,), np.int64)
    assert paths[-1] == f'train_val2018/Plantae/{labels[-1]}/{num_images - 1:032x}.jpg'
