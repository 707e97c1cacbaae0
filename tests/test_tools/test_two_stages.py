"""Stage 1, then stage 2, by the tools that a user runs."""

import json
import sys

import pandas as pd
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from processes import run_ltcl
from reports import last_figures
from toy import toy_config
from toy_stage2 import stage2_config

from ltcl.checkpoints.reading import load_from_local
from ltcl.cli import compare, train
from ltcl.engine import Runner
from ltcl.errors import UserError


@pytest.fixture(scope='module')
def stage1(images, tmp_path_factory):
    """Checkpoint of each first stage."""
    init_default_scope('mmpretrain')
    folder = tmp_path_factory.mktemp('stage1')
    for method in ('cross_entropy', 'paco'):
        Runner.from_cfg(toy_config(images, folder / method, method, train_cfg__max_epochs=1)).train()
    return {method: folder / method / 'epoch_1.pth' for method in ('cross_entropy', 'paco')}


def write_stage2(images, folder, stage1, head='linear', **changes):
    """Write config with a report and the name of its first stage."""
    cfg = stage2_config(images, folder / 'run', None, head, with_report=True, **changes)
    cfg.stage1_config = str(stage1)
    path = folder / f'{head}_toy.py'
    cfg.dump(path)
    return path


def weights(path):
    return load_from_local(path)['state_dict']


def is_same(name, first, second):
    return torch.equal(first[name], second[name])


def test_linear_classifier_on_a_contrastive_encoder(images, tmp_path, stage1, call):
    # The checkpoint also has a projector, a momentum encoder, a queue and a classifier of its own.
    config = write_stage2(images, tmp_path, 'toy.py', train_cfg__max_epochs=2, train_cfg__val_interval=1)
    done = call('train', config, '--cfg-options', f'load_from={stage1["paco"]}')
    assert done.status == 0
    assert 'do not match exactly' not in done.out + done.err
    before, after = weights(stage1['paco']), weights(tmp_path / 'run' / 'epoch_2.pth')
    assert {name.split('.')[0] for name in after} == {'backbone', 'head'}
    learned = [name for name in after if name.startswith('backbone') and 'running' not in name and 'num_b' not in name]
    assert all(is_same(name, before, after) for name in learned)
    assert not is_same('backbone.bn1.running_mean', before, after)
    assert not is_same('head.fc.weight', before, after)
    assert call('test', config, tmp_path / 'run' / 'epoch_2.pth').status == 0
    assert last_figures(tmp_path / 'run', 'test_') == last_figures(tmp_path / 'run')


@pytest.mark.parametrize(('head', 'is_kept'), [('linear', False), ('lws', True)])
def test_classifier_of_stage_1_is_trained_anew_or_scaled(images, tmp_path, stage1, head, is_kept):
    changes = dict(train_cfg__max_epochs=1, optim_wrapper__optimizer__lr=0.0)
    Runner.from_cfg(stage2_config(images, tmp_path, stage1['cross_entropy'], head, **changes)).train()
    assert is_same('head.fc.weight', weights(stage1['cross_entropy']), weights(tmp_path / 'epoch_1.pth')) is is_kept


def test_resume_is_bit_exact(images, tmp_path, stage1):
    changes = dict(default_hooks__checkpoint__max_keep_ckpts=-1)
    whole, parts = tmp_path / 'whole', tmp_path / 'parts'
    Runner.from_cfg(stage2_config(images, whole, stage1['paco'], **changes)).train()
    resumed = Runner.from_cfg(stage2_config(images, parts, whole / 'epoch_2.pth', resume=True, **changes))
    resumed.train()
    assert not (parts / 'epoch_2.pth').exists()
    assert resumed.epoch == 4
    whole, parts = (weights(folder / 'epoch_4.pth') for folder in (whole, parts))
    assert whole.keys() == parts.keys()
    assert all(is_same(name, whole, parts) for name in whole)


def test_training_free_heads_take_a_checkpoint_of_stage_1(images, tmp_path, stage1):
    figures = Runner.from_cfg(stage2_config(images, tmp_path / 'ncm', stage1['paco'], 'ncm')).test()
    assert {'shot/few', 'knn/few'} <= figures.keys()  # the counts are those of the checkpoint
    runner = Runner.from_cfg(stage2_config(images, tmp_path / 'tau', stage1['cross_entropy'], 'tau_norm'))
    assert 'shot/few' in runner.test()
    assert torch.equal(runner.model.head.fc.weight, weights(stage1['cross_entropy'])['head.fc.weight'])


@pytest.mark.parametrize('head', ['tau_norm', 'linear'])
def test_checkpoints_that_lack_the_head_are_refused_where_it_is_needed(images, tmp_path, stage1, head):
    cfg = stage2_config(images, tmp_path, stage1['paco'], head)
    with pytest.raises(UserError, match='another architecture'):
        Runner.from_cfg(cfg).test()


def test_checkpoint_without_an_encoder(images, tmp_path, stage1):
    checkpoint = load_from_local(stage1['paco'])
    state = checkpoint['state_dict']
    checkpoint['state_dict'] = {name: state[name] for name in state if not name.startswith('backbone')}
    torch.save(checkpoint, tmp_path / 'headless.pth')
    runner = Runner.from_cfg(stage2_config(images, tmp_path / 'run', tmp_path / 'headless.pth'))
    with pytest.raises(UserError, match=r'headless\.pth has no encoder'):
        runner.train()


def test_what_a_training_starts_from(tmp_path):
    def found(resume, work_dir=None):
        cfg = Config(dict(load_from='stage1.pth', resume=False, work_dir='work_dirs/x'))
        train.resume_from(cfg, resume, work_dir)
        return cfg.resume, cfg.load_from, cfg.work_dir

    assert found(None) == (False, 'stage1.pth', 'work_dirs/x')
    assert found('auto') == ('auto', 'stage1.pth', 'work_dirs/x')
    file = tmp_path / 'epoch_3.pth'
    with pytest.raises(UserError, match=r'--resume .*epoch_3\.pth: no such checkpoint; --resume auto takes'):
        found(str(file))
    file.touch()
    assert found(str(file)) == (True, str(file), 'work_dirs/x')
    # A run that is named by its folder goes on there.
    assert found(str(tmp_path)) == (True, str(tmp_path), str(tmp_path))
    assert found(str(tmp_path), 'elsewhere') == (True, str(tmp_path), 'work_dirs/x')


def test_run_that_goes_on_no_longer_needs_what_it_started_from(tmp_path):
    entries = dict(load_from='gone.pth', train_cfg={}, work_dir=str(tmp_path))
    with pytest.raises(UserError, match='does not exist'):
        train.check_start(Config(dict(entries, resume='auto')))
    (tmp_path / 'epoch_3.pth').touch()
    train.check_start(Config(dict(entries, resume='auto')))


@pytest.mark.parametrize(
    ('entries', 'cause'),
    [
        (
            dict(load_from='no-such.pth', stage1_config='configs/kcl/x.py'),
            r'the checkpoint of stage 1, no-such\.pth, does not exist: `ltcl train configs/kcl/x\.py` makes '
            r'it, or give another: --cfg-options load_from=PATH',
        ),
        (dict(load_from='no-such.pth'), r'the checkpoint, no-such\.pth, does not exist: correct load_from'),
        (dict(stage1_config='configs/kcl/x.py'), r'load_from is None, .*: `ltcl train configs/kcl/x\.py`'),
        (dict(train_cfg=None), r'needs no training: run `ltcl test .* CHECKPOINT`$'),
        (dict(train_cfg=None, stage1_config='x.py'), r'needs no training: .* with a checkpoint of x\.py'),
    ],
)
def test_configs_that_cannot_start(entries, cause):
    with pytest.raises(UserError, match=cause):
        train.check_start(Config({'load_from': None, 'train_cfg': {}, 'resume': False, **entries}))


@pytest.mark.parametrize('load_from', [None, 'https://example.org/x.pth', __file__])
def test_configs_that_can_start(load_from):
    train.check_start(Config(dict(load_from=load_from, train_cfg={}, resume=False)))


def run_words(_, words, log):
    with log.open('a') as output:
        return run_ltcl([sys.executable, '-m', 'ltcl', *words], output).returncode


@pytest.mark.slow
def test_comparison_of_methods_with_two_stages(images, tmp_path, call, monkeypatch):
    monkeypatch.setattr(compare.RunProcesses, 'run', run_words)
    folder = tmp_path / 'configs'
    folder.mkdir()
    first = folder / 'cross-entropy_toy.py'
    changes = dict(train_cfg__max_epochs=2, train_cfg__val_interval=1)
    toy_config(images, tmp_path / 'unused', 'cross_entropy', with_report=True, **changes).dump(first)
    second = write_stage2(images, folder, first, 'linear', **changes)
    free = write_stage2(images, folder, first, 'ncm')
    out = tmp_path / 'out'

    def compared():
        words = [second, free, first, '--seeds', '3', '--jobs', '2', '--work-dir', out]
        done = call('compare', *words)
        assert done.status == 0
        return sorted(line.split(',')[0] for line in done.out.splitlines() if ', seed 3' in line)

    assert compared() == ['testing ncm_toy', 'training cross-entropy_toy', 'training linear_toy']
    table = pd.read_csv(out / 'runs.csv', index_col='method', float_precision='round_trip')
    assert list(table.index) == ['linear', 'ncm', 'cross-entropy']
    figures = json.loads((out / 'linear_toy' / 'seed3' / 'metrics.json').read_text())
    assert f"load_from = '{out / 'cross-entropy_toy' / 'seed3' / 'epoch_2.pth'}'" in figures['config']
    assert figures['seed'] == 3
    minutes = table['minutes']
    assert minutes['linear'] == minutes['cross-entropy'] + figures['seconds']['training'] / 60
    assert minutes['ncm'] == minutes['cross-entropy'] > 0

    (out / 'linear_toy' / 'seed3' / 'metrics.json').unlink()
    (out / 'ncm_toy' / 'seed3' / 'test_metrics.json').unlink()
    assert compared() == ['testing ncm_toy', 'training linear_toy']


def test_names_in_the_table():
    stems = ['paco_r20_small', 'linear_kcl_r20', 'linear_tsc_r20', 'gpaco_r20_small', 'gpaco_r20_full']
    names = compare.short_names([f'configs/x/{stem}.py' for stem in stems])
    assert list(names.values()) == ['paco', 'linear_kcl', 'linear_tsc', 'gpaco_r20_small', 'gpaco_r20_full']
