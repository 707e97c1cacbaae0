"""`ltcl stats` of images with masks: pixels counted by hand, and every fault told."""

import csv

import numpy as np
import pytest
from own_scenes import SIDE, labels_of, write_scenes
from PIL import Image

from ltcl.data_stats.class_colours import colour_of, laid_over
from ltcl.data_stats.scene_looking import look_at_scenes
from ltcl.data_stats.scene_page import picture_of
from ltcl.data_stats.scenes_of_folder import scenes_of_folder

CONFIG = 'seg/custom/cross-entropy_deeplabv3plus-r18_1xb8-4k_own-scenes.py'


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))


@pytest.fixture
def root(tmp_path, cache):
    """Six training scenes, of which one has void pixels, one an unknown value, one no mask, and three for testing."""
    root = tmp_path / 'data'
    write_scenes(root, 6, 'train/images/{}.png', 'train/masks/{}.png')
    write_scenes(root, 3, 'test/images/{}.png', 'test/masks/{}.png', start=6)
    (root / 'classes.csv').write_text('0,ground\n1,crack\n2,"a,b <script>"\n')
    mask = labels_of(1)
    mask[20:] = 255
    Image.fromarray(mask).save(root / 'train/masks/1.png')
    mask = labels_of(2)
    mask[0, :5] = 7
    Image.fromarray(mask).save(root / 'train/masks/2.png')
    (root / 'train/masks/4.png').unlink()
    Image.fromarray(labels_of(5)[:10]).save(root / 'train/masks/5.png')
    return root


def by_hand(numbers, change=lambda number, labels: labels):
    maps = [change(number, labels_of(number)) for number in numbers]
    pixels = np.array([[(labels == label).sum() for label in range(3)] for labels in maps])
    return (pixels > 0).sum(0).tolist(), pixels.sum(0).tolist()


def damaged(number, labels):
    if number == 1:
        labels[20:] = 255
    if number == 2:
        labels[0, :5] = 7
    return labels


def test_pixels_and_images_are_those_counted_by_hand(root):
    scenes = scenes_of_folder(str(root))
    counts = scenes.counts()
    assert (counts['train'].image, counts['train'].pixel) == by_hand([0, 1, 2, 3], damaged)
    assert (counts['test'].image, counts['test'].pixel) == by_hand([6, 7, 8])
    by_file = {scene.image.removeprefix(f'{root}/'): scene for scene in scenes.scenes}
    assert by_file['train/images/1.png'].void == 4 * SIDE
    assert by_file['train/images/2.png'].unknown == {'the value 7': 5}
    assert by_file['train/images/5.png'].fault == f'has {SIDE}x10 pixels, and its image {SIDE}x{SIDE}'
    assert scenes.without_mask == [f'{root}/train/images/4.png']


def test_labels_of_a_mask(root):
    scenes = scenes_of_folder(str(root))
    place = next(i for i, scene in enumerate(scenes.scenes) if scene.image.endswith('train/images/2.png'))
    expected = labels_of(2)
    expected[0, :5] = 255
    np.testing.assert_array_equal(scenes.read_labels(place), expected)


def test_the_command_tells_all_of_it(call, root, tmp_path):
    done = call('stats', root, '--out', tmp_path / 'out')
    assert done.status == 0, done.err
    assert done.out.split('verdict:\n')[1].splitlines()[:5] == [
        '- 3 of 3 classes have fewer than 10 images in test, too few to tell their IoU: a,b <script> (1), ground (3), '
        'crack (3)',
        f'- 1 images have no mask: {root}/train/images/4.png',
        f'- 1 masks cannot be used: {root}/train/masks/5.png has {SIDE}x10 pixels, and its image {SIDE}x{SIDE}',
        f'- 1 masks hold values that are no class, such as {root}/train/masks/2.png: the value 7 (5 pixels)',
        '',
    ]
    share = 100 * 4 * SIDE / (4 * SIDE * SIDE)
    assert 'train: 4 masks with 3 of 3 classes; by pixels imbalance factor' in done.out
    assert f'{share:.3g} % of the pixels are void' in done.out
    with (tmp_path / 'out' / 'classes.csv').open(newline='') as file:
        rows = {row['class_name']: row for row in csv.DictReader(file)}
    images, pixels = by_hand([0, 1, 2, 3], damaged)
    assert [int(rows[name]['train_pixels']) for name in ('ground', 'crack', 'a,b <script>')] == pixels
    assert [int(rows[name]['train_images']) for name in ('ground', 'crack', 'a,b <script>')] == images
    with (tmp_path / 'out' / 'masks.csv').open(newline='') as file:
        assert [row['fault'] for row in csv.DictReader(file)] == [
            f'has {SIDE}x10 pixels, and its image {SIDE}x{SIDE}',
            'holds the value 7',
            'has no mask',
        ]
    page = (tmp_path / 'out' / 'stats.html').read_text()
    assert page.count('<script>') == 1  # ours
    assert 'a,b &lt;script&gt;' in page
    assert page.count('<img ') == len([name for name in ('ground', 'crack') for _ in range(4)]) + 3


def test_a_copy_in_two_parts_leaks(root):
    for folder in ('images', 'masks'):
        (root / f'test/{folder}/9.png').write_bytes((root / f'train/{folder}/0.png').read_bytes())
    found = look_at_scenes(scenes_of_folder(str(root)), str(root))
    assert 'test leaks: 1 of its pictures are in train as well, of 4 images' in found.verdict


@pytest.mark.parametrize(
    ('folders', 'part', 'is_measured'),
    [
        (['.'], 'all', True),
        (['train'], 'train', True),
        (['train', 'test'], 'train', False),
        (['train', 'val'], None, False),
    ],
)
def test_what_is_drawn_for_validation_is_told(tmp_path, cache, folders, part, is_measured):
    for folder in folders:
        write_scenes(tmp_path / folder, 6, 'images/{}.png', 'masks/{}.png')
    (tmp_path / 'classes.txt').write_text('ground\ncrack\nhole\n')
    found = look_at_scenes(scenes_of_folder(str(tmp_path)), str(tmp_path))
    drawn = [line for line in found.lines if 'for validation' in line]
    assert drawn == ([] if part is None else [f'`ltcl train` draws a fifth of {part} for validation'])
    few = [line for line in found.verdict if 'too few to tell their IoU' in line]
    assert ['a fifth for validation' in line for line in few] == ([is_measured] if len(folders) == 1 else [False])


def test_a_config_counts_as_its_folder(call, root, tmp_path):
    for name in ('images/4.png', 'images/5.png', 'masks/5.png', 'images/2.png', 'masks/2.png'):
        (root / 'train' / name).unlink()
    config = tmp_path / 'own.py'
    config.write_text(f"_base_ = 'ltcl::{CONFIG}'\ndata_root = '{root}'\nval_share = 0.34\n")
    done = call('stats', config, '--no-files', '--out', tmp_path / 'classes.csv')
    assert done.status == 0, done.err
    assert 'test: 3 masks' in done.out
    assert 'copies' not in done.out
    with (tmp_path / 'classes.csv').open(newline='') as file:
        found = {row['class_name']: row for row in csv.DictReader(file)}
    for column, counts in zip(('test_images', 'test_pixels'), by_hand([6, 7, 8]), strict=True):
        assert [int(found[name][column]) for name in ('ground', 'crack', 'a,b <script>')] == counts


def test_a_validation_that_is_the_test_as_well_is_counted_once(call, tmp_path, cache):
    root = write_scenes(tmp_path / 'data', 6)
    (tmp_path / 'own.py').write_text(f"_base_ = 'ltcl::{CONFIG}'\ndata_root = '{root}'\nval_share = 0.34\n")
    done = call('stats', tmp_path / 'own.py')
    assert done.status == 0, done.err
    assert 'val: 2 masks' in done.out
    assert 'test: ' not in done.out
    assert 'leaks' not in done.out


def test_backbones_are_for_images(call, root):
    assert 'leave it out' in call('stats', root, '--backbone', 'resnet18').mistake


def test_a_mask_laid_over():
    image = np.full((2, 2, 3), 100, np.uint8)
    shown = laid_over(image, np.array([[0, 1], [255, 0]]), 2)
    assert shown[0, 0].tolist() == [round(50 + colour / 2) for colour in colour_of(0)]
    assert shown[0, 1].tolist() == [round(50 + colour / 2) for colour in colour_of(1)]
    assert shown[1, 0].tolist() == [50, 50, 50]
    assert len({colour_of(label) for label in range(150)}) == 150


def test_a_scene_that_cannot_be_read_has_no_picture(root):
    scenes = scenes_of_folder(str(root))
    assert picture_of(scenes, (0, 1)).startswith('data:image/jpeg')
    (root / 'train/images/0.png').write_bytes(b'')
    assert picture_of(scenes, (0, 1)) is None
