"""The same picture in two places."""

import os

import pytest
from own_folders import images, read, touch, write

from ltcl.datasets import duplicates, own_copies
from ltcl.datasets.duplicates import find_copies
from ltcl.errors import UserError


@pytest.fixture
def warnings(monkeypatch):
    messages = []
    monkeypatch.setattr(own_copies, 'warn', messages.append)
    return messages


def fill(root, contents):
    for path, content in contents.items():
        touch(root, path)
        (root / path).write_bytes(content)
    return [str(root / path) for path in contents]


def test_equal_files_are_found_and_others_are_not(tmp_path):
    head = os.urandom(duplicates.HEAD)
    paths = fill(
        tmp_path,
        {
            'a': b'one',
            'b': b'two',
            'c': b'one',
            'd': head + b'x' * 1000,
            'e': head + b'y' * 1000,
            'f': head + b'x' * 1000,
            'g': b'',
            'h': b'',
            'i': b'one',
        },
    )
    assert find_copies([*paths, str(tmp_path / 'gone')]) == [[0, 2, 8], [3, 5]]
    assert find_copies(paths, 'none') == []
    assert find_copies([]) == []


def test_few_files_are_read(tmp_path, monkeypatch):
    paths = fill(tmp_path, {str(i): b'x' * (i + 1) for i in range(20)} | {'same': b'y' * 5})
    opened = []
    hash_of_head = duplicates._hash_of_head
    monkeypatch.setattr(duplicates, '_hash_of_head', lambda path: opened.append(path) or hash_of_head(path))
    assert find_copies(paths) == []
    assert sorted(opened) == sorted([paths[4], paths[20]])


def test_of_many_files_a_sample_is_compared(tmp_path, monkeypatch):
    paths = fill(tmp_path, {str(i): b'same' for i in range(30)})
    monkeypatch.setattr(duplicates, 'SAMPLE_SIZE', 10)
    first = find_copies(paths)
    assert [len(group) for group in first] == [10]
    assert find_copies(paths) == first
    assert find_copies(paths, 'all') == [list(range(30))]


def test_picture_in_two_classes_and_in_two_parts(tmp_path, warnings):
    contents = {path: path.encode() for part in ('train', 'val', 'test') for path in images(f'{part}/a', 3)}
    contents |= {path: path.encode() for part in ('train', 'val', 'test') for path in images(f'{part}/b', 3)}
    fill(tmp_path, contents)
    read(tmp_path)
    assert warnings == []
    fill(tmp_path, {'train/b/new.png': b'train/a/001.png', 'test/a/new.png': b'train/a/002.png'})
    read(tmp_path)
    assert warnings == [
        f'{tmp_path}: 1 pictures are in two classes, file for file, such as train/a/001.png (train, a) and '
        'train/b/new.png (train, b)',
        f'{tmp_path}: 1 pictures are in two splits, file for file, such as train/a/002.png (train, a) and '
        'test/a/new.png (test, a)',
    ]
    for split in ('val', 'test', 'all'):
        read(tmp_path, split)
    read(tmp_path, check_copies='none')
    assert len(warnings) == 2


def test_the_draw_keeps_copies_on_one_side(tmp_path, warnings):
    fill(tmp_path, {path: bytes([i // 2]) for i, path in enumerate(images('a', 20))})
    fill(tmp_path, {path: path.encode() for path in images('b', 10)})
    drawn = read(tmp_path, 'val')
    assert len(drawn) == 4 + 2
    assert {path for path in drawn if (tmp_path / path).read_bytes() == b'\0'} in (set(), {'a/000.png', 'a/001.png'})
    assert len({(tmp_path / path).read_bytes() for path in drawn}) == 2 + 2
    assert not drawn.keys() & read(tmp_path).keys()
    assert warnings == []
    assert len({(tmp_path / path).read_bytes() for path in read(tmp_path, 'val', check_copies='none')}) > 4


def test_sample_is_told(tmp_path, warnings, monkeypatch):
    monkeypatch.setattr(duplicates, 'SAMPLE_SIZE', 15)
    monkeypatch.setattr(own_copies, 'SAMPLE_SIZE', 15)
    fill(tmp_path, {path: b'same' for folder in 'ab' for path in images(folder, 10)})
    read(tmp_path)
    assert 'in two classes among 15 of 20 images (check_copies=all looks at all), file for file' in warnings[0]


def test_image_of_two_lists_is_told_once(tmp_path, warnings):
    fill(tmp_path, {path: path.encode() for path in images('images', 4)})
    write(tmp_path / 'train.csv', 'images/000.png,a\nimages/001.png,b\n')
    write(tmp_path / 'val.csv', 'images/000.png,a\nimages/002.png,b\n')
    read(tmp_path)
    assert warnings == []


def test_unknown_check(tmp_path):
    with pytest.raises(UserError, match="check_copies must be one of sample, all, none, got 'some'"):
        read(tmp_path, check_copies='some')
