"""A table is of one set of images, or says that it is not."""

import pytest

from ltcl.launch.compared_data import differences

LOADER = '{}_dataloader = dict(dataset={})\n'
ONE = "dict(type='D', data_root='data', split='{}', pipeline=[{}])"


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes a config of the images that are named, and gives its path."""
    monkeypatch.chdir(tmp_path)

    def config(name, **loaders):
        text = ''.join(LOADER.format(part, dataset) for part, dataset in loaders.items())
        (tmp_path / name).write_text(f"model = dict(type='M')\ntrain_cfg = dict(max_epochs=2)\n{text}")
        return name

    return config


def test_the_same_images_however_they_are_prepared_and_wrapped(write, tmp_path):
    path = str(tmp_path / 'data')
    wrapped = f"dict(type='Repeat', times=3, dataset={ONE.format('train', '')})".replace("'data'", repr(path))
    configs = [
        write('a.py', train=ONE.format('train', ''), val=ONE.format('test', '')),
        write('b.py', train=wrapped, val=ONE.format('test', "dict(type='Crop')")),
        write('c.py', val=ONE.format('test', '')),
    ]
    assert differences(configs, {}) == []
    assert differences(configs[:1], {}) == []


def test_other_images_are_told_with_what_differs(write):
    first = write('a.py', train=ONE.format('train', ''), val=ONE.format('test', ''))
    scored = write('b.py', train=ONE.format('train', ''), val=ONE.format('val', ''))
    trained = write('c.py', train=ONE.format('more', ''), val=ONE.format('test', ''))
    said = "{} are scored on different data (split: 'test' and 'val')"
    assert differences([first, scored], {}) == [said.format('a.py and b.py')]
    assert differences([first, trained, scored], {}) == [
        said.format('a.py and b.py'),
        "a.py and c.py are trained on different data (split: 'train' and 'more')",
    ]
    assert differences([first, scored], {'val_dataloader.dataset.split': 'test'}) == []


def test_a_test_counts_before_a_validation(write):
    first = write('a.py', val=ONE.format('val', ''), test=ONE.format('test', ''))
    second = write('b.py', val=ONE.format('val', ''))
    assert differences([first, second], {}) == ["a.py and b.py are scored on different data (split: 'test' and 'val')"]
