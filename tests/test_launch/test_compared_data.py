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
    wrapped = f"dict(type='ltcl.CachedFeatures', dataset={ONE.format('train', '')})".replace("'data'", repr(path))
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


LONG_TAILED = "dict(type='ltcl.LongTailedDataset', imbalance_factor={}, dataset={})"
BOTH = "dict(type='ConcatDataset', datasets=[{}, {}])"


@pytest.mark.parametrize(
    ('one', 'other', 'how'),
    [
        (LONG_TAILED.format(100, ONE), LONG_TAILED.format(10, ONE), 'imbalance_factor: 100 and 10'),
        (LONG_TAILED.format(100, ONE), ONE, "type: 'ltcl.LongTailedDataset' and 'D'"),
        (BOTH.format(ONE, ONE), BOTH.format(ONE, ONE.replace('D', 'E')), "datasets.1.type: 'D' and 'E'"),
    ],
)
def test_what_wraps_the_images_chooses_among_them(write, one, other, how):
    configs = [write('a.py', train=one.replace('{}', '')), write('b.py', train=other.replace('{}', ''))]
    assert differences(configs, {}) == [f'a.py and b.py are trained on different data ({how})']


@pytest.mark.parametrize('wrapped', [LONG_TAILED.format(100, ONE), BOTH.format(ONE, ONE)])
def test_wrapped_images_are_the_same_however_they_are_prepared(write, wrapped):
    crop = wrapped.replace('pipeline=[{}]', "pipeline=[dict(type='Crop')]")
    configs = [write('a.py', train=wrapped.replace('{}', '')), write('b.py', train=crop.replace('{}', ''))]
    assert differences(configs, {}) == []
