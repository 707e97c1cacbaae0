"""Finding images through links and among what is none."""

import os
from collections import Counter

import pytest
from own_folders import images, touch
from PIL import Image

from ltcl.datasets import image_kinds
from ltcl.datasets.class_folders import scan_class_folders
from ltcl.datasets.folder_walk import LeftOut, list_folder, walk_images
from ltcl.errors import UserError


def walk(root, *folders):
    found, left_out = walk_images(str(root), [[str(root / folder)] for folder in folders])
    return [[os.path.relpath(path, root) for path in paths] for paths in found], left_out


def link(root, name, target):
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    os.symlink(target, root / name)


def test_loops_end_and_each_image_is_where_it_lies(tmp_path):
    touch(tmp_path / 'store', *images('a', 2), *images('b', 2))
    for name in 'ab':
        link(tmp_path, f'set/{name}', tmp_path / 'store' / name)
    link(tmp_path, 'store/a/loop', '../b')
    link(tmp_path, 'store/b/back', '../a')
    link(tmp_path, 'store/b/up', '..')
    link(tmp_path, 'store/b/self', '.')
    found, left_out = walk(tmp_path / 'set', 'a', 'b')
    assert found == [images('a', 2), images('b', 2)]
    assert sorted(os.path.basename(path) for path in left_out.repeated) == [
        'back',
        'loop',
        'self',
    ]


def test_links_to_folders_and_files_are_followed_once(tmp_path):
    touch(tmp_path, 'store/1.jpg', 'store/deep/2.jpg', 'a/0.jpg', 'b/0.jpg')
    link(tmp_path, 'a/more', '../store')
    link(tmp_path, 'b/more', '../store')
    link(tmp_path, 'b/9.jpg', '../a/0.jpg')
    found, left_out = walk(tmp_path, 'a', 'b')
    assert found == [['a/0.jpg', 'a/more/1.jpg', 'a/more/deep/2.jpg'], ['b/0.jpg', 'b/9.jpg']]
    assert left_out.repeated == [str(tmp_path / 'b/more')]


def test_links_that_lead_nowhere(tmp_path):
    touch(tmp_path, 'a/0.jpg', 'b/0.jpg')
    link(tmp_path, 'a/gone.png', '/nowhere/x.png')
    link(tmp_path, 'a/self.png', 'self.png')
    found, left_out = walk(tmp_path, 'a')
    assert found == [['a/0.jpg']]
    assert sorted(map(os.path.basename, left_out.dangling)) == ['gone.png', 'self.png']


def test_two_names_of_one_folder(tmp_path):
    touch(tmp_path, 'cat/0.jpg')
    link(tmp_path, 'kitty', 'cat')
    with pytest.raises(UserError, match=r'cat and .*kitty are the same folder'):
        scan_class_folders(tmp_path)


def test_folders_and_pipes_are_no_images(tmp_path):
    touch(tmp_path, 'a/img000.png/inner.jpg', 'a/0.jpg', '.a/1.jpg')
    (tmp_path / 'a/empty.JPEG').mkdir()
    os.mkfifo(tmp_path / 'a/pipe.png')
    os.mkfifo(tmp_path / 'a/pipe')
    found, left_out = walk(tmp_path, 'a')
    assert found == [['a/0.jpg', 'a/img000.png/inner.jpg']]
    assert left_out.others == {'.png': 1, 'without suffix': 1}


def test_no_file_is_asked_for_its_kind_if_its_suffix_tells(tmp_path, monkeypatch):
    touch(tmp_path, *images('a', 50), *(f'a/{i}.txt' for i in range(5)))
    asked = []
    stat = os.stat
    monkeypatch.setattr(os, 'stat', lambda path, **options: asked.append(str(path)) or stat(path, **options))
    monkeypatch.setattr(image_kinds, '_is_readable', lambda path: pytest.fail('opened'))
    assert len(walk(tmp_path, 'a')[0][0]) == 50
    assert not [path for path in asked if path.endswith(('.png', '.txt'))]


def test_suffixes(tmp_path):
    picture = Image.new('RGB', (8, 8), (200, 30, 30))
    (tmp_path / 'a').mkdir()
    for suffix, kind in (
        ('.jfif', 'JPEG'),
        ('.jpe', 'JPEG'),
        ('.JPG', 'JPEG'),
        ('.gif', 'GIF'),
        ('.jpg_large', 'JPEG'),
        ('', 'PNG'),
        ('.2024-05-01', 'WEBP'),
    ):
        picture.save(tmp_path / f'a/new{suffix}', format=kind)
    touch(
        tmp_path,
        'a/x.heic',
        'a/y.HEIC',
        'a/z.svg',
        'a/img.png.txt',
        'a/notes',
        'a/Thumbs.db',
        'a/0.jpg~',
        'a/._new.jpg',
    )
    found, left_out = walk(tmp_path, 'a')
    assert len(found[0]) == 7
    readable = {'.heic'} & {*image_kinds.readable_suffixes()}
    assert left_out.no_reader == ({'.svg': 1} if readable else {'.heic': 2, '.svg': 1})
    assert left_out.others == {'.txt': 1, '.jpg~': 1, 'without suffix': 1}


def test_formats_that_need_a_reader_count_where_there_is_one():
    known = Image.registered_extensions()
    for suffix in ('.avif', '.jp2', '.heic'):
        assert (suffix in image_kinds.readable_suffixes()) == (suffix in known)
    assert not {'.eps', '.pdf', '.ps'} & {*image_kinds.readable_suffixes()}


def test_what_is_left_out_is_told_by_kind(monkeypatch):
    messages = []
    monkeypatch.setattr('ltcl.notices.print_log', lambda message, **_: messages.append(message))
    LeftOut(Counter({'.heic': 3, '.svg': 1}), Counter({'.txt': 2}), ['r/x.png'], ['r/loop']).tell('r')
    assert messages == [
        'r: left out, since nothing here reads such images: 3 .heic, 1 .svg: pip install pillow-heif reads them',
        'r: left out, since they are no images: 2 .txt',
        'r: left out, since they lead nowhere: 1 links such as r/x.png',
        'r: left out, since they lead to folders that are read already: 1 links such as r/loop',
    ]
    LeftOut().tell('r')
    assert len(messages) == 4


def test_folder_that_may_not_be_read(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, 'Permission denied', path)

    monkeypatch.setattr(os, 'scandir', refuse)
    with pytest.raises(UserError, match=r'cannot read the folder .* \(Permission denied\): allow it'):
        list(list_folder(tmp_path))
