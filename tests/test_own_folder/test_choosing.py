"""What `ltcl train DATA` chooses, and that what the command line says of it stays."""

import pytest
from mmengine.config import Config
from own_training import OPTIONS

from ltcl.browse.configs import config_of
from ltcl.own_folder import training

# Ways of tuning and what is chosen for them once all options are applied.
CHOSEN = [
    ('frozen', 'model.head.type', 'LinearClsHead'),
    ('frozen', 'model.head.scale', 30),
    ('frozen', 'optim_wrapper.optimizer.lr', 0.3),
    ('full', 'model.head.type', 'LinearClsHead'),
    ('full', 'model.head.scale', 30),
    ('full', 'default_hooks.class_mean_start', None),
    ('full', 'default_hooks.class_mean_start', dict(type='ltcl.ClassMeanStartHook', labels=[1])),
]


@pytest.fixture(autouse=True)
def untimed(monkeypatch):
    monkeypatch.setattr(training, 'expected_minutes', lambda *_: '')


def entry_of(path, key):
    """The entry of a dotted key in a config file."""
    node = Config.fromfile(path)
    for name in key.split('.'):
        node = node[name]
    return node


@pytest.mark.parametrize(('tune', 'key', 'value'), CHOSEN)
def test_what_the_command_line_says_is_not_written_over(call, data, tmp_path, tune, key, value):
    words = ('--work-dir', tmp_path, *OPTIONS, '--tune', tune, '--dry-run', '--cfg-options', f'{key}={value}')
    assert call('train', data, *words) == 0
    assert entry_of(tmp_path / 'config.py', key) == value


def test_what_lies_in_an_entry_is_not_written_over(call, data, tmp_path):
    loss = dict(type='ltcl.BalancedSoftmaxLoss', num_classes=3, loss_weight=0.5)
    words = ('--work-dir', tmp_path, *OPTIONS, '--dry-run', '--cfg-options', f'model.head=dict(loss={loss})')
    assert call('train', data, *words) == 0
    head = Config.fromfile(tmp_path / 'config.py').model.head
    assert (head.type, head.loss.to_dict()) == ('LinearClsHead', loss)


def test_a_linear_classifier_does_not_start_from_means(call, data, tmp_path):
    words = ('--work-dir', tmp_path, *OPTIONS, '--tune', 'full', '--dry-run')
    assert call('train', data, *words, '--cfg-options', 'model.head.type=LinearClsHead') == 0
    assert 'class_mean_start' not in Config.fromfile(tmp_path / 'config.py').default_hooks


@pytest.mark.parametrize(
    ('words', 'option'),
    [
        ((), 'data_root=elsewhere'),
        ((), 'work_dir=elsewhere'),
        (('--amp', 'bfloat16'), 'optim_wrapper.type=AmpOptimWrapper'),
        (('--from', 'RUN'), 'load_from=other.pth'),
    ],
)
def test_what_another_option_sets_is_refused(call, data, work_dir, tmp_path, capsys, words, option):
    words = [str(work_dir) if word == 'RUN' else word for word in words]
    assert call('train', data, '--work-dir', tmp_path / 'run', '--dry-run', *words, '--cfg-options', option) == 1
    [line] = capsys.readouterr().err.splitlines()
    key = option.partition('=')[0]
    assert line == f'error: --cfg-options: {key} is set by an option of its own as well: leave one of them out'


@pytest.mark.parametrize(
    ('words', 'rate'),
    [
        (('--tune', 'full'), 0.0025),
        (('--tune', 'full', '--method', 'gpaco'), 0.005),
        ((), 0.0125),  # behind a hidden layer
        (('--method', 'cross-entropy'), 0.0025),
        (('--from', 'RUN'), 0.0125),
        (('--from', 'RUN', '--tune', 'full'), 0.0025),
        (('--lr', '0.3'), None),
    ],
)
def test_the_rate_follows_a_batch_that_is_given(call, data, work_dir, tmp_path, capsys, words, rate):
    size = () if '--from' in words else ('--image-size', '32')
    words = [str(work_dir) if word == 'RUN' else word for word in words]
    common = ('--work-dir', tmp_path, *size, '--epochs', '2', '--dry-run')
    assert call('train', data, *common, *words, '--batch-size', '8') == 0
    cfg = Config.fromfile(tmp_path / 'config.py')
    assert (cfg.train_dataloader.batch_size, cfg.optim_wrapper.optimizer.lr) == (8, rate or 0.3)
    line = 'batch_size 8 as given' + (f'; rate {rate:g} in proportion' if rate else '')
    assert line in capsys.readouterr().out.splitlines()


def test_the_rate_of_a_batch_that_is_given_is_that_of_the_rules(call, data, tmp_path):
    words = ('--tune', 'full', *OPTIONS, '--dry-run')
    for folder, given in (('chosen', ()), ('given', ('--batch-size', '16'))):
        assert call('train', data, '--work-dir', tmp_path / folder, *words, *given) == 0
    chosen, given = (entry_of(tmp_path / folder / 'config.py', 'optim_wrapper') for folder in ('chosen', 'given'))
    assert chosen == given


def test_a_batch_among_the_entries_leaves_the_rate(call, data, tmp_path):
    words = ('--work-dir', tmp_path, *OPTIONS, '--tune', 'full', '--dry-run')
    assert call('train', data, *words, '--cfg-options', 'train_dataloader.batch_size=8') == 0
    assert entry_of(tmp_path / 'config.py', 'optim_wrapper.optimizer.lr') == 0.01


def test_the_bounds_of_the_groups_are_those_of_the_test(call, data, tmp_path, capsys):
    words = ('--work-dir', tmp_path, *OPTIONS, '--dry-run', '--cfg-options', 'test_evaluator.0.bounds=[2,9]')
    assert call('train', data, *words) == 0
    line = 'classes by training images: many (more than 9 images) 1, medium (2 to 9) 1, few (fewer than 2) 1'
    assert line in capsys.readouterr().out.splitlines()


def test_what_is_looked_at_has_the_options_of_no_training(data):
    """``ltcl browse`` names a folder and a method alone."""
    cfg = config_of(str(data), {}, 'ncm')
    assert (cfg.model.head.type, cfg.train_cfg.max_epochs) == ('ltcl.CosineClsHead', 1)
