"""Classes of which nothing is left in 8 bits are named before a training."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from image_contents import COLOURS, RAMP, encode
from mmengine.registry import DATASETS
from torch.utils.data import DataLoader

from ltcl.engine.hooks import ImageLevelsHook
from ltcl.engine.hooks.image_levels_hook import _sample

WIDE = RAMP.astype(np.uint16)
FINE = encode(COLOURS, 'PNG')
GARMENT = np.zeros((64, 64), np.uint8)
GARMENT[20:24, 20:24] = 255  # bright, and small


def build(folder: Path, content: bytes, **options: object) -> object:
    """Class 0 is fine, of class 1 all images have the same content."""
    for name in ('fine', 'odd'):
        (folder / name).mkdir(parents=True)
        for number in range(6):
            (folder / name / f'{number}.png').write_bytes(FINE if name == 'fine' else content)
    load = dict(type='ltcl.LoadImage', **options)
    return DATASETS.build(dict(type='ltcl.ImageFolderDataset', data_root=str(folder), pipeline=[load]))


def warnings_of(dataset: object, validation: object = None, **options: object) -> list[str]:
    lines = []
    runner = SimpleNamespace(
        train_dataloader=DataLoader(dataset),
        val_loop=validation,
        val_dataloader=None if validation is None else DataLoader(validation),
        logger=SimpleNamespace(warning=lines.append),
    )
    ImageLevelsHook(**options).before_train(runner)
    return lines


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        (
            encode(WIDE * 16, 'PNG'),
            r'levels 0 to 16 of 255): its values go from 0 to 4080: set value_range=(low, high)',
        ),
        (encode(WIDE + 1000, 'TIFF'), 'levels 4 to 5 of 255): its values go from 1000 to 1255: set value_range'),
        (encode(np.dstack([COLOURS * 0, RAMP]), 'PNG'), 'it is transparent: set background=(255, 255, 255)'),
        (encode(np.full((40, 40), 130, np.uint8), 'PNG'), 'levels 130 to 130 of 255): look at them'),
    ],
)
def test_class_and_file_and_option_are_named(tmp_path, content, words):
    lines = warnings_of(build(tmp_path, content))
    assert len(lines) == 1
    assert f'nearly black or flat are the images of odd, such as {tmp_path}/odd/0.png (' in lines[0]
    assert words in lines[0]


@pytest.mark.parametrize(
    ('content', 'options'),
    [
        (FINE, {}),
        (encode(GARMENT, 'PNG'), {}),
        (encode(np.full((40, 40, 3), (200, 0, 0), np.uint8), 'PNG'), {}),
        (encode(WIDE * 16, 'PNG'), dict(value_range=(0, 4095))),
        (encode(WIDE + 1000, 'TIFF'), dict(value_range='auto')),
        (encode(np.dstack([COLOURS * 0, RAMP]), 'PNG'), dict(background=(255, 255, 255))),
        (b'', {}),  # broken ones are the business of others
    ],
)
def test_no_false_alarm(tmp_path, content, options):
    assert not warnings_of(build(tmp_path, content, **options))


def test_one_good_image_suffices(tmp_path):
    dataset = build(tmp_path, encode(WIDE * 16, 'PNG'))
    (tmp_path / 'odd' / '5.png').write_bytes(FINE)
    assert not warnings_of(dataset)


def test_cost_is_bounded(tmp_path):
    dataset = build(tmp_path, encode(WIDE * 16, 'PNG'))
    assert not warnings_of(dataset, max_seconds=-1)
    assert not warnings_of(dataset, max_images=1)
    labels = np.repeat(np.arange(1000), 3)
    assert len(list(_sample(labels, 4, 256))) <= 256
    small = np.array([0, 0, 0, 0, 0, 1])
    assert list(_sample(small, 4, 256)) == [0, 5, 1, 2, 4]


def test_sets_without_our_loader_are_left_alone(tmp_path):
    dataset = build(tmp_path, encode(WIDE * 16, 'PNG'))
    dataset.pipeline.transforms.clear()
    assert not warnings_of(dataset)


def test_sets_around_another_are_looked_at(tmp_path):
    dataset = build(tmp_path, encode(WIDE * 16, 'PNG'))
    twice = DATASETS.build(dict(type='RepeatDataset', dataset=dataset, times=2))
    assert ['of odd, such as' in line for line in warnings_of(twice)] == [True]


def test_training_and_validation_are_read_alike(tmp_path, monkeypatch):
    lines = []
    monkeypatch.setattr('ltcl.notices.print_log', lambda text, **_: lines.append(text))
    training = build(tmp_path / 'a', FINE, value_range=(0, 4095))
    assert not warnings_of(training, build(tmp_path / 'b', FINE, value_range=(0, 4095)))
    assert not lines
    warnings_of(training, build(tmp_path / 'c', FINE))
    assert len(lines) == 1
    assert 'value_range of ltcl.LoadImage is (0, 4095) in the training and None in the validation' in lines[0]
