"""ltcl data corrupt reads files as the model of these images does."""

import json
import shutil

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

WHITE = [255, 255, 255]


@pytest.fixture
def images(tmp_path):
    """A drawing on nothing, and a picture of a telephone that was held upright: wider than high as it lies."""
    for label, name in enumerate('ab'):
        folder = tmp_path / 'images' / name
        folder.mkdir(parents=True)
        Image.fromarray(np.zeros((20, 20, 4), np.uint8)).save(folder / 'drawn.png')
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.new('RGB', (30, 20), (label, 90, 90)).save(folder / 'taken.jpg', exif=exif)
    return tmp_path / 'images'


def corrupted(call, source, out):
    """Pixels of what was drawn, size of what was taken, and how they were read."""
    done = call('data', 'corrupt', source, out, '--corruptions', 'contrast', '--workers', 1)
    assert done.status == 0, done.err
    drawn, taken, *_ = sorted((out / 'contrast' / '1').rglob('*.png'))
    settings = json.loads((out / 'corruptions.json').read_text())
    return np.asarray(Image.open(drawn)).mean(), Image.open(taken).size, settings


def config_of(images, path, **options):
    pipeline = [dict(type='ltcl.LoadImage', **options)]
    dataset = dict(type='ltcl.ImageFolderDataset', data_prefix=str(images), pipeline=pipeline)
    Config(dict(test_dataloader=dict(dataset=dataset))).dump(path)
    return path


def test_a_folder_is_read_as_own_images_are(images, tmp_path, call):
    level, size, settings = corrupted(call, images, tmp_path / 'out')
    assert (level, size) == (255, (20, 30))
    assert settings['decoding'] == dict(background=WHITE, upright=True)


@pytest.mark.parametrize(
    ('options', 'level', 'size', 'decoding'),
    [
        ({}, 0, (30, 20), None),
        (dict(upright=True), 0, (20, 30), dict(upright=True)),
        (dict(background=(255, 255, 255)), 255, (30, 20), dict(background=WHITE)),
    ],
)
def test_a_config_is_read_as_its_test_pipeline_reads(images, tmp_path, call, options, level, size, decoding):
    config = config_of(images, tmp_path / f'{tmp_path.name}.py', **options)
    *found, settings = corrupted(call, config, tmp_path / 'out')
    assert (*found, settings['decoding']) == (level, size, decoding)


def test_images_that_are_read_otherwise_are_not_mixed_in(images, tmp_path, call):
    corrupted(call, images, tmp_path / 'out')
    settings = json.loads((tmp_path / 'out' / 'corruptions.json').read_text())
    del settings['decoding']  # as an earlier version wrote it
    (tmp_path / 'out' / 'corruptions.json').write_text(json.dumps(settings))
    assert 'was begun with decoding = None, now it is' in call('data', 'corrupt', images, tmp_path / 'out').mistake


def test_a_folder_goes_on_however_it_is_spelled(images, tmp_path, call, monkeypatch):
    out, words = tmp_path / 'out', ['--corruptions', 'contrast', '--workers', 1]
    monkeypatch.chdir(images.parent)
    for spelled in (images, f'{images}/', 'images', './images/'):
        done = call('data', 'corrupt', spelled, out, *words)
        assert done.status == 0, done.err
    settings = json.loads((out / 'corruptions.json').read_text())
    assert settings['source'] == str(images)
    (out / 'corruptions.json').write_text(json.dumps({**settings, 'source': f'{images}/'}))  # as an earlier version
    assert call('data', 'corrupt', images, out, *words).status == 0


def test_the_command_that_follows_can_be_pasted(images, tmp_path, call):
    out = tmp_path / 'corrupted 3'
    done = call('data', 'corrupt', images, out, '--corruptions', 'contrast', '--workers', 1)
    assert f"--corrupted '{out}'\n" in done.err


def test_all_that_differs_from_what_was_begun_is_told(images, tmp_path, call):
    out, words = tmp_path / 'out', ['--corruptions', 'contrast', '--workers', 1]
    assert call('data', 'corrupt', images, out, *words).status == 0
    other = shutil.copytree(images, tmp_path / 'other')
    mistake = call('data', 'corrupt', other, out, *words, '--seed', 1).mistake
    told = f"source = '{images}', now it is '{other}'; seed = 0, now it is 1"
    assert mistake == f'error: {out} was begun with {told}: choose another folder or remove it'


def test_small_and_large_images_are_not_mixed_unasked(images, tmp_path, call):
    Image.new('RGB', (80, 65)).save(images / 'a' / 'large.jpg')
    done = call('data', 'corrupt', images, tmp_path / 'out')
    assert f'{images} has 4 images with a side of at most 64 pixels and 1 larger' in done.mistake
    assert 'choose the severities for all with --profile' in done.mistake
    assert not (tmp_path / 'out').exists()
    words = ['--corruptions', 'contrast', '--workers', 1]
    for profile in ('small', 'large'):
        done = call('data', 'corrupt', images, tmp_path / profile, '--profile', profile, *words)
        assert (done.status, f'{profile} severities' in done.err) == (0, True)


def test_parts_of_a_folder_are_no_classes(images, tmp_path, call):
    for part in ('train', 'test'):
        shutil.copytree(images, tmp_path / 'whole' / part)
    done = call('data', 'corrupt', tmp_path / 'whole', tmp_path / 'out')
    assert done.status == 1
    assert f'{tmp_path}/whole has the parts test, train, not classes: name {tmp_path}/whole/test' in done.err
    assert not (tmp_path / 'out').exists()
