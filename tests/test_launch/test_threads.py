"""How many threads a run takes, when it measures, and when it measures again."""

import argparse
import os
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.logging import MessageHub, MMLogger

from ltcl.engine.hooks import ThreadsHook
from ltcl.launch import threads
from ltcl.launch.threads import (
    DEFAULT_VARIABLE,
    limit_workers,
    set_threads,
    share_cores,
    take_share,
    threads_option,
    use_free_cores,
    watch_threads,
)


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """Four cores, of which nobody has said how many to use; what torch is told is kept in ``set``."""
    state = SimpleNamespace(set=4, speed={4: 1.0, 2: 1.0, 1: 1.0}, clock=0.0)
    monkeypatch.setattr(torch, 'get_num_threads', lambda: state.set)
    monkeypatch.setattr(torch, 'set_num_threads', lambda number: setattr(state, 'set', number))
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    for name in ('OMP_NUM_THREADS', 'LOCAL_WORLD_SIZE'):
        monkeypatch.delenv(name, raising=False)

    def clock() -> float:
        state.clock += state.speed[state.set] / 2
        return state.clock

    monkeypatch.setattr(threads.time, 'perf_counter', clock)
    return state


@pytest.mark.parametrize(
    ('seconds', 'chosen'),
    [
        ({4: 1.0, 2: 2.0, 1: 4.0}, 4),
        ({4: 9.0, 2: 1.0, 1: 2.0}, 2),
        ({4: 9.0, 2: 8.0, 1: 1.0}, 1),
        ({4: 1.0, 2: 0.9, 1: 0.9}, 4),  # by chance
    ],
)
def test_fastest_number_is_taken(machine, seconds, chosen):
    machine.speed = seconds
    assert use_free_cores(4) == machine.set == chosen


def test_no_random_number_is_drawn():
    before = torch.get_rng_state()
    use_free_cores(2)
    assert torch.equal(before, torch.get_rng_state())


def test_only_what_nobody_said_is_measured(machine, monkeypatch, capsys):
    machine.speed = {4: 9.0, 2: 1.0, 1: 2.0}
    assert (set_threads(3), machine.set) == (1, 3)
    machine.set = 4
    for name in ('OMP_NUM_THREADS', 'LOCAL_WORLD_SIZE'):
        monkeypatch.setenv(name, '4')
        assert (set_threads('auto'), machine.set) == (1, 4)
        monkeypatch.delenv(name)
    assert capsys.readouterr().out == ''
    assert (set_threads('auto'), machine.set) == (4, 2)
    assert capsys.readouterr().out == 'threads: 2 of 4, since others use the cores (--threads N sets the number)\n'


@pytest.mark.parametrize(
    ('launcher', 'variables', 'usable', 'share'),
    [
        ('pytorch', dict(LOCAL_WORLD_SIZE='4'), 8, 2),  # 8 of the 64 cores of the machine
        ('pytorch', dict(LOCAL_WORLD_SIZE='4'), 3, 1),
        ('pytorch', {}, 8, 8),
        ('pytorch', dict(LOCAL_WORLD_SIZE='1', OMP_NUM_THREADS='1'), 8, None),
        ('pytorch', {'LOCAL_WORLD_SIZE': '2', 'OMP_NUM_THREADS': '1', DEFAULT_VARIABLE: '1'}, 8, 4),
        ('slurm', dict(LOCAL_WORLD_SIZE='4'), 5, 5),  # bound by --cpus-per-task=5
        ('slurm', dict(LOCAL_WORLD_SIZE='4'), 64, 16),
        ('slurm', dict(LOCAL_WORLD_SIZE='4', SLURM_CPUS_ON_NODE='8'), 8, 2),
        ('mpi', dict(LOCAL_WORLD_SIZE='2', OMP_NUM_THREADS='3'), 64, None),
    ],
)
def test_share_of_one_of_several_processes(machine, monkeypatch, launcher, variables, usable, share):
    for name in ('SLURM_CPUS_ON_NODE', DEFAULT_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(os, 'cpu_count', lambda: 64)
    monkeypatch.setattr(os, 'sched_getaffinity', lambda pid: set(range(usable)), raising=False)
    machine.set = None
    take_share(launcher)
    assert machine.set == share


def test_all_cores_are_told_to_a_training(machine, capsys):
    set_threads('auto')
    assert capsys.readouterr().out == ''
    set_threads('auto', says_all=True)
    assert capsys.readouterr().out == 'threads: 4\n'


def a_config():
    loaders = {f'{name}_dataloader': dict(num_workers=4, dataset=dict(type='X')) for name in ('train', 'val')}
    return Config(dict(loaders, test_dataloader=dict(num_workers=0, dataset=dict(num_workers=3)), val_cfg=None))


def workers_of(cfg):
    return [cfg.train_dataloader.num_workers, cfg.val_dataloader.num_workers, cfg.test_dataloader.num_workers]


def test_no_more_workers_than_cores():
    cfg = a_config()
    assert limit_workers(cfg, 2, ['val_dataloader.num_workers']) == 4
    assert workers_of(cfg) == [2, 4, 0]
    assert cfg.test_dataloader.dataset.num_workers == 2
    assert limit_workers(a_config(), 2, ['train_dataloader', 'val_dataloader', 'test_dataloader']) == 0
    assert limit_workers(cfg, 4, []) == 0
    assert limit_workers(Config(dict(val_dataloader=None)), 1, []) == 0


def test_workers_take_the_free_cores_too(machine, capsys):
    machine.speed = {4: 9.0, 2: 1.0, 1: 2.0}
    cfg = a_config()
    assert share_cores(cfg, 'auto', []) == 4
    assert workers_of(cfg) == [2, 2, 0]
    assert capsys.readouterr().out.endswith(
        'processes that read images: 2 in place of 4, one a core (num_workers sets it)\n'
    )
    cfg = a_config()
    assert share_cores(cfg, 1, []) == 1
    assert workers_of(cfg) == [4, 4, 0]
    assert capsys.readouterr().out == ''


@pytest.mark.parametrize('word', ['0', '-1', 'two', '1.5'])
def test_what_is_no_number_is_refused(word, capsys):
    parser = argparse.ArgumentParser()
    threads_option(parser)
    assert parser.parse_args(['--threads', '2']).threads == 2
    with pytest.raises(SystemExit):
        parser.parse_args([f'--threads={word}'])
    assert f'auto or a number of threads from 1 on, got {word}' in capsys.readouterr().err


@pytest.fixture
def runner():
    hub = MessageHub.get_instance('threads')
    hub.runtime_info.clear()
    logger = MMLogger.get_instance('threads')
    lines: list[str] = []
    logger.info = lines.append
    return SimpleNamespace(iter=0, message_hub=hub, logger=logger, lines=lines)


def run_steps(hook, runner, machine, seconds, number=10):
    """Steps that take so long with the number of threads that torch has."""
    machine.speed = seconds
    for _ in range(number):
        hook.before_train_iter(runner, 0)
        hook.after_train_iter(runner, 0)


def test_slow_steps_measure_again_and_free_cores_too(machine, runner):
    hook = ThreadsHook(4, pause=0)
    hook.before_train(runner)
    run_steps(hook, runner, machine, {4: 1.0, 2: 2.0, 1: 4.0})
    run_steps(hook, runner, machine, {4: 2.9, 2: 1.0, 1: 1.0})
    assert machine.set == 4  # slower, but not slow
    run_steps(hook, runner, machine, {4: 9.0, 2: 2.0, 1: 3.0})
    assert machine.set == runner.message_hub.get_info('ltcl/threads') == 2
    run_steps(hook, runner, machine, {4: 1.0, 2: 2.0, 1: 4.0})
    assert machine.set == 4
    assert runner.lines == [
        'threads: 2 in place of 4, since others use the cores',
        'threads: 4 in place of 2, since the cores are free again',
    ]


def test_measurements_pause(machine, runner):
    hook = ThreadsHook(4, pause=1e6)
    hook.before_train(runner)
    run_steps(hook, runner, machine, {4: 1.0, 2: 2.0, 1: 4.0})
    run_steps(hook, runner, machine, {4: 9.0, 2: 2.0, 1: 3.0})
    assert machine.set == 4


def test_another_number_after_a_resume_is_told(machine, runner):
    hook = ThreadsHook(4)
    hook.before_train(runner)
    runner.iter = 5
    hook.before_train(runner)
    assert runner.lines == []
    machine.set = 2
    hook.before_train(runner)
    assert runner.lines == [
        'The run had 4 threads and goes on with 2: its last digits may differ from those of a run in one go '
        '(--threads 4 keeps them)'
    ]


def test_hook_is_there_where_the_number_may_change():
    hooks: list[object] = []
    runner = SimpleNamespace(register_hook=hooks.append)
    watch_threads(runner, 1)
    assert not hooks
    watch_threads(runner, 4)
    assert [type(hook) for hook in hooks] == [ThreadsHook]
