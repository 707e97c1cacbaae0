"""Trackers: back ends that are added, and packages that are missing."""

import importlib.util
import sys
from types import SimpleNamespace

import pytest
from mmengine.config import Config
from mmengine.registry import VISBACKENDS

from ltcl.errors import UserError
from ltcl.launch import tracking
from ltcl.launch.tracking import TRACKERS, add_trackers, check_trackers, require_trackers


@pytest.fixture
def cfg():
    backends = [dict(type='ltcl.LocalVisBackend')]
    return Config(dict(visualizer=dict(type='UniversalVisualizer', vis_backends=backends)))


@pytest.fixture
def installed(monkeypatch):
    """Names of modules that are there."""
    names: set[str] = set()
    monkeypatch.setattr(tracking.importlib.util, 'find_spec', lambda name: name in names or None)
    return names


def test_trackers_are_added_once(cfg):
    add_trackers(cfg, ['wandb', 'tensorboard'], 'work_dirs/birds/')
    add_trackers(cfg, ['wandb'], 'work_dirs/birds')
    local, wandb, tensorboard = cfg.visualizer.vis_backends
    assert local.type == 'ltcl.LocalVisBackend'
    assert wandb == dict(type='WandbVisBackend', init_kwargs=dict(project='ltcl', name='birds'))
    assert tensorboard == dict(type='ltcl.TensorboardVisBackend')


def test_services_call_the_run_by_its_work_dir(cfg):
    add_trackers(cfg, ['clearml', 'neptune', 'aim'], 'work_dirs/birds')
    given = [backend.init_kwargs for backend in cfg.visualizer.vis_backends[1:]]
    assert [options.get('task_name') or options.get('name') or options.experiment for options in given] == ['birds'] * 3


def test_neptune_goes_where_the_environment_says(cfg, monkeypatch, tmp_path):
    """mmengine asks for an offline run where it gets no arguments."""
    started = []
    monkeypatch.setitem(sys.modules, 'neptune', SimpleNamespace(init_run=lambda **options: started.append(options)))
    add_trackers(cfg, ['neptune'], str(tmp_path / 'birds'))
    VISBACKENDS.build(dict(cfg.visualizer.vis_backends[1], save_dir=str(tmp_path))).experiment  # noqa: B018
    assert started == [dict(name='birds')]


def test_none_changes_nothing(cfg):
    before = cfg.to_dict()
    add_trackers(cfg, None, 'run')
    assert cfg.to_dict() == before


def test_every_back_end_exists_and_takes_its_settings(cfg, tmp_path):
    add_trackers(cfg, TRACKERS, str(tmp_path))
    for backend in cfg.visualizer.vis_backends[1:]:
        VISBACKENDS.build(dict(backend, save_dir=str(tmp_path / backend.type)))  # the package is imported later


def test_mlflow_goes_where_the_environment_says(monkeypatch, tmp_path):
    def uri(**settings):
        return VISBACKENDS.build(dict(type='ltcl.MLflowVisBackend', save_dir=str(tmp_path), **settings))._tracking_uri

    monkeypatch.delenv('MLFLOW_TRACKING_URI', raising=False)
    assert uri() == 'sqlite:///mlflow.db'
    monkeypatch.setenv('MLFLOW_TRACKING_URI', 'http://tracker')
    assert uri() == 'http://tracker'
    assert uri(tracking_uri='http://other') == 'http://other'


def test_a_missing_package_is_one_sentence(cfg, installed):
    installed.add('dvclive')
    with pytest.raises(UserError, match=r'--track dvclive needs pygit2: run `pip install dvclive pygit2`'):
        require_trackers(['dvclive'])
    add_trackers(cfg, ['mlflow'], 'run')
    with pytest.raises(UserError, match='MLflowVisBackend in vis_backends needs mlflow: run `pip install mlflow`'):
        check_trackers(cfg)
    installed.add('mlflow')
    check_trackers(cfg)
    require_trackers(['mlflow'])


def test_an_optional_one_may_be_missing(cfg, installed, tmp_path):
    cfg.visualizer.vis_backends.append(dict(type='ltcl.TensorboardVisBackend', optional=True))
    check_trackers(cfg)
    backend = VISBACKENDS.build(dict(cfg.visualizer.vis_backends[1], save_dir=str(tmp_path / 'events')))
    backend.add_scalar('loss', 1.0)
    backend.add_config(cfg)
    backend.close()
    assert not (tmp_path / 'events').exists()


def test_a_mistyped_command_says_so_at_once(call, installed):
    assert call('train', 'my_config.py', '--track', 'wandb').mistake.startswith('error: --track wandb needs wandb')


@pytest.mark.skipif(importlib.util.find_spec('tensorboard') is None, reason='TensorBoard is not installed')
def test_events_are_written(cfg, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    backend = VISBACKENDS.build(dict(type='ltcl.TensorboardVisBackend', save_dir=str(tmp_path)))
    backend.add_scalars(dict(loss=2.5), step=3)
    backend.close()
    events = EventAccumulator(str(tmp_path)).Reload()
    assert [(each.step, each.value) for each in events.Scalars('loss')] == [(3, 2.5)]
