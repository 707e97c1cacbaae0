"""A training that ends where it no longer gets better."""

import json

import numpy as np
import pytest
from toy import toy_config

from ltcl.checkpoints.reading import load_from_local
from ltcl.engine import Runner
from ltcl.errors import UserError
from ltcl.predictions.saved import load_predictions


@pytest.fixture
def config(images, tmp_path):
    hook = dict(type='ltcl.PatienceHook', monitor='shot/macro', patience=1, min_delta=1000.0)
    return toy_config(images, tmp_path, 'cross_entropy', custom_hooks=[hook], train_cfg__val_interval=1)


def names(folder):
    return {path.name for path in folder.glob('*.pth') if not path.name.startswith('best_')}


def test_it_ends_and_stays_ended(config, tmp_path):
    Runner.from_cfg(config).train()
    assert names(tmp_path) == {'epoch_1.pth', 'epoch_2.pth'}
    config.resume = True
    Runner.from_cfg(config).train()
    assert names(tmp_path) == {'epoch_1.pth', 'epoch_2.pth'}


def test_the_count_goes_on_after_a_resume(config, tmp_path):
    config.custom_hooks[0].patience = 2
    Runner.from_cfg(config).train()
    assert names(tmp_path) == {'epoch_2.pth', 'epoch_3.pth'}
    (tmp_path / 'epoch_3.pth').unlink()
    config.resume = True
    Runner.from_cfg(config).train()
    assert names(tmp_path) == {'epoch_2.pth', 'epoch_3.pth'}


@pytest.mark.parametrize(('by_epoch', 'name'), [(True, 'epoch_2.pth'), (False, 'iter_10.pth')])
def test_the_end_is_saved_whatever_the_interval_is(config, tmp_path, by_epoch, name):
    config.default_hooks.checkpoint.update(interval=3 if by_epoch else 7, by_epoch=by_epoch, max_keep_ckpts=1)
    runner = Runner.from_cfg(config)
    runner.train()
    assert names(tmp_path) == {name}
    meta = load_from_local(tmp_path / name)['meta']
    assert (meta['epoch'], meta['iter']) == (runner.epoch, runner.iter) == (2, 10)
    config.resume = True
    Runner.from_cfg(config).train()
    assert names(tmp_path) == {name}


def test_the_end_is_not_saved_where_it_is_not_wanted(config, tmp_path):
    config.default_hooks.checkpoint.update(interval=3, save_last=False)
    Runner.from_cfg(config).train()
    assert names(tmp_path) == set()


def test_its_last_answers_are_kept(config, tmp_path):
    config.default_hooks.run_report = dict(type='ltcl.RunReportHook')
    Runner.from_cfg(config).train()
    saved = load_predictions(tmp_path / 'predictions.npz')
    assert (saved.split, saved.checkpoint) == ('val', f'{tmp_path.name}/epoch_2')
    last = json.loads((tmp_path / 'metrics.json').read_text())['last']
    assert last['epoch'] == 2
    assert 100 * np.mean(saved.scores.argmax(1) == saved.labels) == pytest.approx(last['metrics']['shot/all'])


def test_a_metric_that_is_not_there(config):
    config.custom_hooks[0].monitor = 'shot/makro'
    with pytest.raises((UserError, RuntimeError), match='shot/makro'):
        Runner.from_cfg(config).train()
