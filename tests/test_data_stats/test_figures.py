"""`ltcl stats`: what a data set holds, on images of which every fault is known."""

import csv
import shutil

import numpy as np
import pytest
from image_contents import damage, encode
from PIL import Image
from toy import write_images

from ltcl.data_stats.copies import copies_in
from ltcl.data_stats.figures import gini
from ltcl.data_stats.images import Labelled
from ltcl.data_stats.verdict import verdict
from ltcl.datasets import OwnImages
from ltcl.launch import import_scope

CONFIG = 'custom/gpaco_resnet50_1xb32-100e_own-images.py'


def test_training_images_alone_are_divided_as_those_without_a_part(call, tmp_path):
    write_images(tmp_path / 'whole', (60, 6))
    shutil.copytree(tmp_path / 'whole', tmp_path / 'divided' / 'train')
    found = {}
    for name, part in (('whole', 'all'), ('divided', 'train')):
        done = call('stats', tmp_path / name, '--no-files', '--out', tmp_path / f'{name}.html')
        found[part] = done.out.split('verdict:\n')[1].partition('\n')[0]
        assert f'1 of 2 classes have fewer than 50 images in {part}, of which a fifth for validation is' in found[part]
        assert f'on the images of a fifth of {part};' in (tmp_path / f'{name}.html').read_text()
    assert found['train'] == found['all'].replace('in all', 'in train')


@pytest.mark.parametrize(('counts', 'value'), [([5, 5, 5], 0), ([0, 0, 12], 2 / 3), ([1, 2, 3], 2 / 9), ([0, 0], 0)])
def test_gini(counts, value):
    assert gini(np.array(counts)) == pytest.approx(value)


def test_places_of_copies():
    images = Labelled([], np.array([0, 0, 0, 1, 1, 0]), np.array([0, 0, 1, 0, 1, 0]), ['train', 'test'], ['a', 'b'])
    found = copies_in(np.array([7, 7, 8, 9, 8, 9]), images)
    assert found == (1, 2, 0, {})  # 7 is twice in a class; 8 and 9 are in two classes
    crossed = copies_in(np.array([7, 1, 7, 2, 3, 4]), images)
    assert crossed == (0, 0, 1, {(0, 1): 1})


def test_nothing_is_wrong_with_good_images():
    labels = np.repeat([0, 1, 0, 1], 10)
    images = Labelled([], labels, np.repeat([0, 1], 20), ['train', 'test'], ['a', 'b'])
    assert verdict(images) == ['nothing speaks against training and testing on these images']
    small = Labelled([], labels, np.zeros(40, int), ['all'], ['a', 'b'])
    assert verdict(small) == [
        '2 of 2 classes have fewer than 50 images in all, of which a fifth for validation is too few to tell their '
        'accuracy (50 % on 4 images may be anything from 15 to 85 %): a (20), b (20)'
    ]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two classes in two parts, with a copy within a class, across classes, across parts, and a damaged file."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    root, random = tmp_path / 'data', np.random.default_rng(0)
    for part, sizes in {'train': (12, 6), 'test': (11, 3)}.items():
        for name, size in zip('ab', sizes, strict=True):
            (root / part / name).mkdir(parents=True)
            for number in range(size):
                pixels = random.integers(0, 256, (8, 8, 3)).astype(np.uint8)
                Image.fromarray(pixels).resize((40, 30), Image.Resampling.BICUBIC).save(
                    root / part / name / f'{number}.png'
                )
    train = root / 'train'
    shutil.copy(train / 'a' / '0.png', train / 'a' / '1.png')
    shutil.copy(train / 'a' / '2.png', train / 'b' / '2.png')
    Image.open(train / 'a' / '3.png').resize((20, 15)).save(root / 'test' / 'a' / '3.png')
    (train / 'b' / '5.png').write_bytes(b'no picture')
    return root


def test_a_folder(call, folder, tmp_path):
    done = call('stats', folder, '--out', tmp_path / 'classes.csv')
    assert done.status == 0, done.err
    assert 'train: 18 images of 2 of 2 classes, imbalance factor 2, Gini 0.17' in done.out
    assert 'smallest 20x15, median 40x30, largest 40x30' in done.out
    assert 'modes: RGB 31\n' in done.out
    assert 'pixel for pixel: 1 pictures are twice in a class, 1 in two classes, 0 in two parts' in done.out
    assert 'compressed anew: 1 pictures are twice in a class, 1 in two classes, 1 in two parts' in done.out
    assert done.out.split('verdict:\n')[1].splitlines() == [
        '- 1 of 2 classes have fewer than 10 images in test, too few to tell their accuracy (50 % on 3 images may be '
        'anything from 13 to 87 %): b (3)',
        '- test leaks: 1 of its pictures are in train as well, of 14 images',
        '- 1 pictures are in two classes: one of the labels is wrong, or the classes overlap',
        f'- 1 files are damaged: {folder}/train/b/5.png',
    ]
    with (tmp_path / 'classes.csv').open(newline='') as file:
        assert list(csv.DictReader(file)) == [
            {'class_name': 'a', 'train': '12', 'test': '11', 'group': 'few', 'pictures': '11'},
            {'class_name': 'b', 'train': '6', 'test': '3', 'group': 'few', 'pictures': '6'},
        ]


def test_a_config_counts_the_same(call, folder):
    config = folder.parent / 'own.py'
    config.write_text(f"_base_ = 'ltcl::{CONFIG}'\ndata_root = '{folder}'\n")
    done = call('stats', config, '--no-files')
    assert done.status == 0, done.err
    assert 'test: 14 images of 2 of 2 classes, imbalance factor 3.667' in done.out
    assert 'modes' not in done.out


def test_a_config_counts_the_long_tail_that_it_draws(call, folder):
    config = folder.parent / 'own.py'
    config.write_text(
        f"_base_ = 'ltcl::{CONFIG}'\ndata_root = '{folder}'\n"
        "images = dict(type='ltcl.OwnImages', data_root=data_root, pipeline=[dict(type='LoadImageFromFile')])\n"
        "tail = dict(type='ltcl.LongTailedDataset', dataset=images, imbalance_factor=5)\n"
        'train_dataloader = dict(dataset=dict(_delete_=True, **tail))\n'
    )
    done = call('stats', config, '--no-files')
    assert done.status == 0, done.err
    assert 'train: 6 images of 2 of 2 classes, imbalance factor 5' in done.out


def test_the_groups_of_a_config_are_those_of_its_test(call, folder, tmp_path):
    config = tmp_path / 'own.py'
    config.write_text(
        f"_base_ = 'ltcl::{CONFIG}'\ndata_root = '{folder}'\n"
        "test_evaluator = [dict(type='ltcl.ShotAccuracy', bounds=(2, 6))]\n"
    )
    done = call('stats', config, '--no-files', '--out', tmp_path / 'stats')
    assert done.status == 0, done.err
    assert 'many (> 6) 1, medium (2-6) 1, few (< 2) 0 classes' in done.out
    rows = csv.DictReader((tmp_path / 'stats' / 'classes.csv').open())
    assert [row['group'] for row in rows] == ['many', 'medium']
    page = (tmp_path / 'stats' / 'stats.html').read_text()
    assert '1 / 1 / 0' in page


@pytest.mark.parametrize('part', [None, 'val'])
def test_a_validation_that_is_the_test_as_well_does_not_leak(call, tmp_path, part):
    folder = tmp_path / 'data'
    for name in ('train', part) if part else ('',):
        write_images(folder / name, (20, 10))
    (tmp_path / 'own.py').write_text(f"_base_ = 'ltcl::{CONFIG}'\ndata_root = '{folder}'\n")
    done = call('stats', tmp_path / 'own.py', '--no-files')
    assert done.status == 0, done.err
    assert 'val: ' in done.out
    assert 'test: ' not in done.out
    assert 'test leaks' not in done.out


def brightness(pictures, backbone):
    """Features of images that are told by their brightness."""
    values = np.array([np.asarray(Image.open(path)).mean() for path in pictures])
    return np.stack([np.cos(values / 80), np.sin(values / 80)], axis=1).astype(np.float32)


def test_no_table_of_an_earlier_look_stays(call, folder, tmp_path):
    out = tmp_path / 'out'
    assert call('stats', folder, '--out', out).status == 0
    (out / 'masks.csv').touch()
    (out / 'mine.csv').touch()
    assert call('stats', folder, '--no-files', '--out', out).status == 0
    assert sorted(path.name for path in out.iterdir()) == ['classes.csv', 'mine.csv', 'stats.html']
    other = tmp_path / 'other'
    other.mkdir()
    (other / 'masks.csv').touch()  # beside no page: of somebody else
    assert call('stats', folder, '--no-files', '--out', other).status == 0
    assert (other / 'masks.csv').exists()


def test_planted_label_errors_are_found(call, tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setattr('ltcl.data_stats.features.features_of', brightness)
    root = write_images(tmp_path / 'data', (30, 15, 12))
    (root / 'class_2' / '3.png').rename(root / 'class_0' / 'wrong.png')
    (root / 'class_0' / 'none.png').write_bytes(b'damaged')
    pixels = np.random.default_rng(0).integers(256, size=(64, 64, 3)).astype(np.uint8)
    (root / 'class_1' / 'middle.jpg').write_bytes(damage(encode(pixels, 'jpeg'), bytes(512)))
    done = call('stats', root, '--backbone', 'any', '--neighbours', 5, '--out', tmp_path / 'out')
    assert done.status == 0, done.err
    assert 'labels: 1 of 58 that were compared with those of 5 neighbours are doubtful' in done.out
    assert '1 labels are doubtful' in done.out
    with (tmp_path / 'out' / 'doubtful.csv').open(newline='') as file:
        [row] = csv.DictReader(file)
    assert row['file'] == f'{root}/class_0/wrong.png'
    assert (row['class_name'], row['neighbours_say'], row['votes'], row['own_votes']) == (
        'class_0',
        'class_2',
        '5',
        '0',
    )
    assert row['nearest'].startswith(f'{root}/class_2/')
    with (tmp_path / 'out' / 'damaged.csv').open(newline='') as file:
        told = {row['file']: row['reason'] for row in csv.DictReader(file)}
    assert told.keys() == {f'{root}/class_0/none.png', f'{root}/class_1/middle.jpg'}
    assert told[f'{root}/class_1/middle.jpg'].startswith('damaged in the middle: ')
    assert '2 files are damaged' in done.out
    page = (tmp_path / 'out' / 'stats.html').read_text()
    assert '5 of 5 neighbours: class_2; score 1.00' in page


@pytest.mark.slow
def test_features_of_a_pretrained_network(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    root = write_images(tmp_path / 'data', (3, 2))
    paths = [str(path) for path in sorted(root.rglob('*.png'))]
    import_scope('mmpretrain')
    from ltcl.data_stats.features import features_of

    found = features_of([*paths, np.asarray(Image.open(paths[0]))], 'tf_efficientnet_lite0')
    assert found.shape == (6, 1280)
    np.testing.assert_allclose(found[5], found[0], rtol=1e-4, atol=1e-4)  # pixels in the place of a file
    assert not np.allclose(found[1], found[0], atol=1e-3)


def test_mistakes_are_one_line(call, folder):
    assert 'the table a .csv file' in call('stats', folder, '--out', 'x.txt').mistake
    assert 'there is no folder' in call('stats', folder, '--out', folder / 'no' / 'x.csv').mistake
    assert '--no-files forbids' in call('stats', folder, '--no-files', '--backbone', 'resnet18').mistake
    assert '--neighbours is for' in call('stats', folder, '--neighbours', 5).mistake


@pytest.mark.parametrize(('parts', 'copies', 'words'), [([], 0, ['--no-files']), ([], 2, []), (['train'], 0, [])])
def test_the_groups_of_a_folder_are_those_of_its_training(call, tmp_path, parts, copies, words):
    root = tmp_path.joinpath('birds', *parts)
    for label, (name, size) in enumerate({'a': 110, 'b': 22, 'c': 8}.items()):
        (root / name).mkdir(parents=True)
        for number in range(size):
            random = np.random.default_rng((label, max(number, copies)))  # the first ones are one picture
            Image.fromarray(random.integers(0, 256, (8, 8, 3), np.uint8)).save(root / name / f'{number}.png')
    done = call('stats', tmp_path / 'birds', *words, '--out', tmp_path / 'classes.csv')
    assert done.status == 0, done.err
    dataset = OwnImages(str(tmp_path / 'birds'))
    counts = np.bincount(dataset.get_gt_labels())
    assert all(counts <= (100, 19, 19))
    assert [row['group'] for row in csv.DictReader((tmp_path / 'classes.csv').open())] == ['medium', 'few', 'few']
    assert f'shot groups: of the {counts.sum()} images that `ltcl train` trains on' in done.out
    assert 'many (> 100) 0, medium (20-100) 1, few (< 20) 2 classes' in done.out
