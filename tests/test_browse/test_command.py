"""`ltcl browse`: which images it shows, under which names, and what it answers to mistakes."""

import re

import numpy as np
import pytest
from own_scenes import write_scenes
from toy import toy_config, write_images

from ltcl.browse.choosing import choose, classes_named
from ltcl.errors import UserError


def test_images_are_spread_over_groups_and_classes():
    members = [np.arange(start, stop) for start, stop in ((0, 100), (100, 150), (150, 153), (153, 153))]
    drawn = choose(members, [[0, 1], [2, 3]], 8, seed=0)
    assert {label: len(places) for label, places in drawn.items()} == {0: 3, 1: 2, 2: 3}
    assert all(set(places) <= set(members[label].tolist()) for label, places in drawn.items())
    assert choose(members, [[0, 1], [2, 3]], 8, seed=0) == drawn
    assert choose(members, [[0, 1], [2, 3]], 8, seed=1) != drawn
    assert sum(map(len, choose(members, [[0, 1, 2, 3]], 1000, 0).values())) == 153


def test_an_image_of_several_classes_is_drawn_once():
    members = [np.array([0, 1, 2]), np.array([1, 2]), np.array([2])]
    drawn = choose(members, [[0, 1, 2]], 10, seed=0)
    assert sorted(place for places in drawn.values() for place in places) == [0, 1, 2]


@pytest.fixture(scope='module')
def config(tmp_path_factory):
    root = tmp_path_factory.mktemp('browse')
    images = write_images(root / 'images')
    (root / 'images' / 'class_1').rename(root / 'images' / '<script>x')
    path = root / 'config.py'
    toy_config(images, root, 'gpaco').dump(path)
    return path


def test_a_group(call, config, tmp_path):
    done = call('browse', config, '--group', 'few', '--out', tmp_path / 'few.html')
    assert done.status == 0, done.err
    assert done.out == f'4 images in {tmp_path}/few.html\n'
    page = (tmp_path / 'few.html').read_text()
    assert re.findall('<h2>(.*?)</h2>', page) == ['class_2: 4 images, few-shot']
    assert page.count('<img ') == 4 * 2


def test_a_class_and_its_name(call, config, tmp_path):
    done = call('browse', config, '--class', '<script>x', '--number', 5, '--out', tmp_path / 'class.html')
    assert done.status == 0, done.err
    page = (tmp_path / 'class.html').read_text()
    assert '<script>' not in page
    assert '&lt;script&gt;x: 12 images, medium-shot' in page
    assert page.count('<img ') == 5 * 2
    again = call('browse', config, '--class', '<script>x', '--number', 5, '--out', tmp_path / 'again.html')
    assert again.status == 0
    assert (tmp_path / 'again.html').read_text() == page


def test_a_work_dir_that_is_not_trained_yet(call, config, tmp_path):
    done = call('browse', config.parent, '--number', 2, '--split', 'val', '--out', tmp_path / 'val.html')
    assert done.status == 0, done.err
    assert '2 of the 40 images of val_dataloader, one view of each' in (tmp_path / 'val.html').read_text()


@pytest.mark.parametrize(
    ('words', 'answer'),
    [
        (['--class', 'clas_2'], 'did you mean class_2'),
        (['--method', 'bcl'], '--method is for a folder of images'),
        (['--cfg-options', 'trian_dataloader.batch_size=3'], 'train_dataloader'),
    ],
)
def test_mistakes_are_one_line(call, config, tmp_path, words, answer):
    assert answer in call('browse', config, *words, '--out', tmp_path / 'x.html').mistake
    assert not (tmp_path / 'x.html').exists()


def test_an_empty_group(call, config, tmp_path):
    options = ['--cfg-options', 'val_evaluator.0.bounds=(1,20)']
    done = call('browse', config, '--group', 'few', '--out', tmp_path / 'x.html', *options)
    assert '--group few: no class is few-shot; there are many 1, medium 2' in done.mistake


def test_a_folder_of_scenes(call, tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    root = write_scenes(tmp_path / 'scenes', 8)
    done = call('browse', root, '--number', 3, '--out', tmp_path / 'scenes.html')
    assert done.status == 0, done.err
    page = (tmp_path / 'scenes.html').read_text()
    assert page.count('with its mask</figcaption>') == 3
    assert page.count('<img ') == 6


def test_choosing_needs_a_class():
    with pytest.raises(UserError, match='there are 2, such as a'):
        classes_named(['zzzzzz'], ['a', 'b'])
