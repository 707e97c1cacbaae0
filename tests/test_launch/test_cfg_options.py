"""Values of --cfg-options: taken as the type of what they replace."""

import argparse
import math
import subprocess
import sys

import pytest
from mmengine.config import Config

from ltcl.cli.parser import ArgumentParser
from ltcl.errors import UserError
from ltcl.launch import apply_options, load_config, run_options, set_options
from ltcl.launch.options import NEW, value_like


@pytest.mark.parametrize(
    ('old', 'text', 'value'),
    [
        *[
            ('x', text, text)
            for text in ('my data', '007', '1e3', 'a,b', '', '[1,2]', 'a=b', '"q"', 'True', ' x ', 'é')
        ],
        ('x', 'None', None),
        ('base', "dict(type='x', n=[1, (2, 3)])", dict(type='x', n=[1, (2, 3)])),
        *[(3, '007', 7), (3, '1e3', 1000), (3, '2.5', 2.5), (3, 'None', None), (3, '"auto"', 'auto'), (3, '-1', -1)],
        *[(0.5, '1', 1.0), (0.5, '1e-3', 0.001), (0.5, 'inf', math.inf), (True, 'false', False), (False, 'True', True)],
        *[((1, 5), '1,3', (1, 3)), ((1, 5), '[1]', (1,)), ((1, 5), '2', (2,)), ([1], '(1,2)', [1, 2])],
        *[(['a'], 'a,b', ['a', 'b']), (['a'], '[a, b]', ['a', 'b']), (['a'], '007,1', ['007', '1']), (['a'], '', [])],
        ([(0, 1)], '[(1, 2), (3, 4)]', [(1, 2), (3, 4)]),
        (dict(a=1), "{'b': {'c': None}}", dict(b=dict(c=None))),
        *[
            (None, '007', '007'),
            (None, 'a,b', 'a,b'),
            (None, '3', 3),
            (None, '[1, 2]', [1, 2]),
            (None, 'x/y.pth', 'x/y.pth'),
        ],
        *[(NEW, 'true', True), (NEW, '0.5', 0.5), (NEW, 'word', 'word')],
    ],
)
def test_values(old, text, value):
    found = value_like('key', text, old)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ('old', 'text'),
    [
        (3, 'abc'),
        (3, ''),
        (3, '1,2'),
        (0.5, 'x'),
        (True, '1'),
        (True, 'yes'),
        ((1, 5), 'a'),
        ([1], '[1'),
        (dict(), '5'),
    ],
)
def test_texts_of_another_type_are_refused(old, text):
    with pytest.raises(UserError, match=r'--cfg-options a\.b='):
        value_like('a.b', text, old)


def test_paths_stay_texts_where_the_config_says_none():
    assert [value_like(key, '1e3', None) for key in ('load_from', 'model.backbone.init_cfg.checkpoint')] == ['1e3'] * 2


def parse(*words: str) -> argparse.Namespace:
    parser = ArgumentParser()
    run_options(parser)
    return parser.parse_args(['configs/x.py', *words])


def test_words_are_kept_until_the_config_is_known():
    args = parse('--cfg-options', 'a=1=2', 'b=', 'a=3', '--work-dir', 'w', '--cfg-options', 'c= x y', 'b=4')
    assert args.cfg_options == {'a': '3', 'b': '4', 'c': ' x y'}
    assert parse().cfg_options == {}


@pytest.fixture
def config(tmp_path):
    """A config with a variable that is used under other names."""
    path = tmp_path / 'config.py'
    path.write_text(
        "data_root = 'data/x'\nwidth = 4\nworkers = dict(num_workers=4, persistent_workers=True)\n"
        "model = dict(type='M', head=dict(type='H', wide=width + 1, sizes=[width]))\n"
        'train_dataloader = dict(batch_size=2, **workers, dataset=dict(data_root=data_root, size=(8, 8)))\n'
        "custom_hooks = [dict(type='A'), dict(type='B', x=1)]\nwork_dir = None\n"
    )
    return load_config(str(path))


def test_what_is_computed_from_a_variable_follows_it(config):
    cfg = set_options(config, {'width': '7', 'workers.num_workers': '2', 'data_root': 'my data'})
    assert (cfg.width, cfg.model.head.wide, cfg.model.head.sizes) == (7, 8, [7])
    assert cfg.train_dataloader == dict(
        batch_size=2, num_workers=2, persistent_workers=True, dataset=dict(data_root='my data', size=(8, 8))
    )


def test_lists_deletions_and_new_entries(config):
    cfg = set_options(config, {'custom_hooks.1.x': '5', 'custom_hooks.0.y': 'dict(a=1)', 'model.head._delete_': 'True'})
    assert cfg.custom_hooks == [dict(type='A', y=dict(a=1)), dict(type='B', x=5)]
    assert cfg.model == dict(type='M', head={})


def test_a_dict_takes_the_place_of_none(config):
    config.model.head = None
    assert set_options(config, {'model.head': "dict(type='H')"}).model.head == dict(type='H')


def test_no_workers_need_no_settings_of_workers(config):
    args = parse('--cfg-options', 'train_dataloader.num_workers=0')
    cfg = apply_options(config, args)
    assert cfg.train_dataloader.num_workers == 0
    assert 'persistent_workers' not in cfg.train_dataloader
    cfg = Config(dict(test_dataloader=dict(num_workers=0, prefetch_factor=2, persistent_workers=False)))
    assert apply_options(cfg, parse()).test_dataloader == dict(num_workers=0)


def test_mistyped_option_is_answered_without_torch():
    code = (
        'import sys\nfrom ltcl.launch import apply_options, load_config, run_options\n'
        'import argparse, ltcl.errors\nparser = argparse.ArgumentParser()\nrun_options(parser)\n'
        "config = 'configs/paco/paco_resnet20_1xb128-100e_fashion-mnist-lt-small.py'\n"
        "for option in ('train_clg.max_epochs=1', 'max_epochs=ten', 'model.head.temperature=0', 'max_epochs=0'):\n"
        '    try:\n'
        "        apply_options(load_config(config), parser.parse_args([config, '--cfg-options', option]))\n"
        '    except ltcl.errors.UserError:\n'
        "        print('torch' in sys.modules)\n"
    )
    result = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert result.stdout.split() == ['False'] * 4, result.stderr


def test_settings_that_a_dataloader_knows_can_be_added(config):
    assert set_options(config, {'train_dataloader.pin_memory': 'True'}).train_dataloader.pin_memory is True
