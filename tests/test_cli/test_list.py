"""`ltcl list`: kinds, and words that choose among them."""

import pytest

from ltcl import catalogue
from ltcl.datasets.published import PUBLISHED
from ltcl.launch.registered import registered
from ltcl.registry import MODELS
from ltcl.shipped import shipped_configs


def listed(call, *words):
    done = call('list', *words)
    assert done.status == 0, done.err
    return done.out.splitlines()


def test_words_alone_are_of_configs(call):
    every = [f'ltcl::{name}' for name in shipped_configs()]
    assert [line for line in listed(call) if line] == [line for line in listed(call, 'configs') if line] == every
    assert listed(call, 'GPaCo', 'small') == ['ltcl::gpaco/gpaco_resnet20_1xb128-100e_fashion-mnist-lt-small.py']


def test_methods_are_those_of_the_metafiles(call):
    [line] = listed(call, 'methods', '2107.12028')
    assert line.startswith('PaCo ')
    assert 'Parametric Contrastive Learning, https://arxiv.org/abs/2107.12028' in line
    folders = {name.rpartition('/')[0] for name in shipped_configs()}
    assert {each.folder for each in catalogue.methods()} >= folders - {'custom'}


def test_data_sets_have_their_folders(call, tmp_path, monkeypatch):
    roots = catalogue.data_roots()
    assert all(roots[name] == PUBLISHED[name].data_root for name in roots if name in PUBLISHED)
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'data' / 'places').mkdir(parents=True)
    assert [line.split() for line in listed(call, 'datasets', 'places')] == [['places-lt', 'data/places', 'here']]
    assert listed(call, 'datasets', 'inat')[0].endswith(' not here')


def test_blocks_are_what_is_registered(call):
    lines = listed(call, 'blocks', 'ltcl.PaCoHead')
    assert [line.split()[:2] for line in lines] == [['model', 'ltcl.PaCoHead']]
    names = catalogue.blocks()['model']
    assert {registered(MODELS.parent, name, 'mmpretrain') is not None for name in names} == {True}
    assert all(about for parts in catalogue.blocks().values() for about in parts.values())


def test_backbones_are_those_that_a_config_takes(call):
    lines = listed(call, 'backbones', 'efficientnet')
    assert 'timm/tf_efficientnet_lite0' in lines
    assert 'mmpretrain/efficientnet-b0_3rdparty_8xb32_in1k' in lines


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['blockz'], 'no config has blockz in its name: did you mean blocks?'),
        (['zzz'], 'no config has zzz in its name: `ltcl list` shows all'),
        (['methods', 'zzz'], 'none of the methods has zzz in its line: `ltcl list methods` shows all'),
    ],
)
def test_words_of_nothing(call, words, message):
    assert call('list', *words).mistake == f'error: {message}'
