"""Who is there, who is behind, who failed first: two messengers of one process stand for two processes."""

import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from mmengine.config import Config

from ltcl.errors import UserError
from ltcl.launch import meeting, processes, watch
from ltcl.launch.failure import FILE_VARIABLE, LAUNCHER_VARIABLE, Failure, read_failure
from ltcl.launch.launcher import free_port
from ltcl.launch.meeting import Messenger, call_roll, connect
from ltcl.launch.processes import last_line, stall_limit, start_processes
from ltcl.launch.progress import PROGRESS, Progress, main_thread_is_in, place


@pytest.fixture
def server(monkeypatch):
    """The store of rank 0."""
    environment = dict(RANK='0', WORLD_SIZE='2', MASTER_ADDR='127.0.0.1', MASTER_PORT=str(free_port()))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(FILE_VARIABLE, raising=False)
    return connect(10)


def messengers(count):
    return [Messenger(rank, count, timeout=10) for rank in range(count)]


def test_roll_call_names_who_did_not_come(server):
    assert call_roll(server, rank=1, world_size=4, timeout=0.5) == [0, 2, 3]
    for rank in (0, 2, 3):
        server.set(f'here/{rank}', '')
    assert call_roll(server, rank=1, world_size=4, timeout=0.5) == []


def test_processes_of_another_run_do_not_count(server):
    for rank in range(2):
        server.set(f'here/{rank}', '')
    assert call_roll(connect(10, run='2.another'), rank=1, world_size=2, timeout=0.5) == [0]
    assert call_roll(connect(10), rank=1, world_size=2, timeout=0.5) == []


def test_first_failure_is_the_same_for_all(server):
    first, second = messengers(2)
    for each in (first, second):
        each.start()
    failure = Failure('images/1.jpg is truncated', 1, rank=1)
    assert second.claim(failure) == failure
    assert first.wait_for_failure(5) == failure
    assert first.claim(Failure('later', 1, rank=0)) == failure


def tell(messenger, **told):
    messenger._count += 1
    told = dict(count=messenger._count, position=(3, 1, 0), waits=False, place='here') | told
    messenger._store.set(f'at/{messenger.rank}', json.dumps(told))


def test_who_is_behind(server):
    first, second, third = messengers(3)
    tell(first, position=(4, 1, 0), place='in backward')
    tell(second, position=(3, 2, 0), place='waiting for a worker of the dataloader')
    tell(third, position=(4, 0, 7))
    first._ask_others()
    assert first.who_stalls(patience=5) == ([1], 'waiting for a worker of the dataloader')
    tell(second, position=(4, 0, 3))
    first._ask_others()
    assert first.who_stalls(patience=5)[0] == [1]


def test_of_those_at_the_same_place_who_does_not_wait(server):
    first, second = messengers(2)
    tell(first, waits=True)
    tell(second, waits=False, place='in mine.py:7, forward')
    first._ask_others()
    assert first.who_stalls(patience=5) == ([1], 'in mine.py:7, forward')


def test_silent_process_stalls_whatever_it_said_last(server, monkeypatch):
    first, second = messengers(2)
    tell(first, position=(3, 1, 0))
    tell(second, position=(9, 1, 0))
    first._ask_others()
    tell(first, position=(3, 1, 0))
    now = time.monotonic()
    monkeypatch.setattr(meeting.time, 'monotonic', lambda: now + 20)
    first._ask_others()
    first.answered = now + 20
    assert first.who_stalls(patience=5) == ([1], 'it does not answer')
    first.answered = now
    assert first.who_stalls(patience=5) == ([0], 'it does not answer')


def test_where_nothing_has_a_limit_a_process_must_answer(server, monkeypatch):
    first, second = messengers(2)
    watched, ended = watch.Watch(), []
    watched.messenger, watched.silence = first, 60
    monkeypatch.setattr(watched, '_end', lambda failure, **_: ended.append(failure.message))
    waits = [True]
    monkeypatch.setattr(meeting, 'is_waiting_for_others', lambda: waits[0])
    start = time.monotonic()
    for seconds in (0, 50, 100):  # the second one is slow, and says so
        monkeypatch.setattr(meeting.time, 'monotonic', lambda moment=start + seconds: moment)
        tell(second)
        first._talk()
        first.answered = start + seconds
        watched._follow_others(first)
    assert ended == []
    for seconds, does_wait in ((170, False), (171, True), (230, True), (235, True)):
        waits[0] = does_wait  # this one was at work for a while, and begins to listen anew
        monkeypatch.setattr(meeting.time, 'monotonic', lambda moment=start + seconds: moment)
        first._talk()
        first.answered = start + seconds
        watched._follow_others(first)
    assert ended == ['rank 1 has stalled (it does not answer), no sign for 60 s']
    monkeypatch.setattr(meeting.time, 'monotonic', lambda: start + 300)
    first.excuse()
    watched._follow_others(first)
    assert len(ended) == 1
    monkeypatch.setattr(meeting.time, 'monotonic', lambda: start + 361)
    watched._follow_others(first)
    assert ended[1:] == ['rank 0 has stalled (it does not answer), no sign for 60 s']


def test_pause_of_the_process_itself_is_no_stall(monkeypatch):
    progress = Progress()
    monkeypatch.setattr(watch, 'PROGRESS', progress)
    watched = watch.Watch()
    progress.limit, progress.moment = 60.0, time.monotonic() - 30
    watched._excuse_pauses()
    assert progress.idle_seconds == pytest.approx(30, abs=1)
    watched._ticked -= 3600  # nothing of this process ran for an hour: Ctrl-Z, or a closed laptop
    progress.moment -= 3600
    watched._excuse_pauses()
    assert progress.idle_seconds == pytest.approx(30, abs=2)


def save_checkpoint(then):
    return then()


def test_place_of_the_main_thread():
    with ThreadPoolExecutor(1) as other_thread:
        assert 'test_meeting.py' in other_thread.submit(place).result()
    assert save_checkpoint(lambda: main_thread_is_in('save_checkpoint'))
    assert not main_thread_is_in('save_checkpoint')


def test_main_thread_is_seen_from_another():
    seen = []
    watcher = threading.Thread(target=lambda: seen.append(main_thread_is_in('test_main_thread_is_seen_from_another')))
    watcher.start()
    watcher.join()
    assert seen == [True]


@pytest.mark.skipif(not hasattr(os, 'memfd_create'), reason='needs files in memory')
def test_a_full_disk_does_not_hide_the_main_thread(monkeypatch):
    def refuse():
        raise OSError('No space left on device')

    monkeypatch.setattr('ltcl.launch.progress.tempfile.TemporaryFile', refuse)
    assert main_thread_is_in('test_a_full_disk_does_not_hide_the_main_thread')


@pytest.mark.parametrize(
    ('value', 'limit'), [(600, 600), (0, None), (None, None), ('90', 90), (1.5, 1.5), ('ten', ''), (-1, ''), ([], None)]
)
def test_stall_limit(monkeypatch, value, limit):
    cfg = Config(dict(stall_timeout=value))
    monkeypatch.delenv('LTCL_STALL_TIMEOUT', raising=False)
    if limit == '':
        with pytest.raises(UserError, match=r'stall_timeout must be a number of seconds.*got'):
            stall_limit(cfg)
    else:
        assert stall_limit(cfg) == limit
    assert stall_limit(Config()) == 600
    monkeypatch.setenv('LTCL_STALL_TIMEOUT', '30')
    assert stall_limit(cfg) == 30


def test_failure_is_left_for_the_launcher(tmp_path, monkeypatch, capsys):
    path = tmp_path / 'error.json'
    failure = Failure('images/1.jpg is truncated', 1, rank=1)
    monkeypatch.delenv(LAUNCHER_VARIABLE, raising=False)
    monkeypatch.setenv(FILE_VARIABLE, str(path))
    failure.report()
    assert read_failure(path) == failure
    assert capsys.readouterr().err == 'error: images/1.jpg is truncated (rank 1)\n'
    monkeypatch.setenv(LAUNCHER_VARIABLE, '1')
    failure.report()
    assert capsys.readouterr().err == ''
    path.write_text('{"message": "torch wrote this"}')
    assert read_failure(path) is None


@pytest.mark.parametrize(
    ('error', 'line'),
    [
        (KeyError('img'), "KeyError: 'img'"),
        (RuntimeError(), 'RuntimeError'),
        (ImportError('no module x in\n /a\n /b'), 'ImportError: no module x in'),
        (
            ValueError('Caught by worker 0.\nOriginal Traceback (most recent call last):\n  ...\nValueError: x'),
            'ValueError: x',
        ),
    ],
)
def test_last_line(error, line):
    assert last_line(error) == line


@pytest.mark.parametrize('launcher', ['pytorch', 'slurm', 'mpi'])
def test_launcher_that_did_not_start_it(monkeypatch, launcher):
    for name in list(os.environ):
        if name in ('RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT') or name.startswith(('SLURM_', 'OMPI_')):
            monkeypatch.delenv(name)
    monkeypatch.setenv('MASTER_PORT', '1')  # set again and forgotten at the end of the test
    with pytest.raises(UserError, match=f'--launcher {launcher}: RANK and WORLD_SIZE'):
        start_processes(Config(dict(launcher=launcher)))


@pytest.fixture
def met(monkeypatch):
    """All processes have met; what the process group is told is the value."""
    told = {}
    monkeypatch.setattr(processes, 'name_ranks', lambda launcher: None)
    monkeypatch.setattr(processes, 'name_of_run', lambda launcher: 'a run')
    monkeypatch.setattr(processes, '_meet', lambda limit, run: None)
    monkeypatch.setattr(processes, 'take_share', lambda launcher: None)
    monkeypatch.setattr('torch.cuda.device_count', lambda: 1)
    monkeypatch.delenv('LOCAL_RANK', raising=False)
    monkeypatch.setattr('torch.distributed.init_process_group', lambda backend, **options: told.update(options))
    return told


@pytest.mark.parametrize(('asked', 'timeout'), [(None, 7 * 24 * 3600), (1800, 1800), (300, 960)])
def test_process_group_on_gpus_leaves_stalls_to_the_watch(met, monkeypatch, asked, timeout):
    monkeypatch.setattr('torch.cuda.is_available', lambda: True)
    dist_cfg = dict(backend='nccl') if asked is None else dict(backend='nccl', timeout=asked)
    cfg = Config(dict(launcher='pytorch', stall_timeout=900, env_cfg=dict(dist_cfg=dist_cfg)))
    start_processes(cfg)
    assert cfg.env_cfg.dist_cfg == dict(backend='nccl', timeout=timeout)


@pytest.mark.usefixtures('met')
def test_processes_without_a_gpu_are_refused(monkeypatch):
    monkeypatch.setattr('torch.cuda.is_available', lambda: True)
    monkeypatch.setenv('LOCAL_RANK', '1')
    with pytest.raises(UserError, match='2 processes on a machine with 1 GPU'):
        start_processes(Config(dict(launcher='pytorch')))


def test_process_group_on_cpus_leaves_stalls_to_the_watch(met, monkeypatch):
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)
    start_processes(Config(dict(launcher='pytorch', stall_timeout=900)))
    assert met['timeout'].days == 7


@pytest.mark.parametrize(('name', 'value'), [('MASTER_PORT', '99999'), ('RANK', 'one'), ('WORLD_SIZE', '-2')])
def test_environment_that_cannot_be(monkeypatch, name, value):
    right = dict(RANK='0', WORLD_SIZE='1', MASTER_ADDR='127.0.0.1', MASTER_PORT=str(free_port()))
    for key, text in {**right, name: value}.items():
        monkeypatch.setenv(key, text)
    with pytest.raises(UserError, match=f"{name} must be a whole number.* got '{value}'"):
        start_processes(Config(dict(launcher='pytorch')))


@pytest.mark.parametrize('has_gpu', [True, False])
@pytest.mark.usefixtures('met')
def test_wrapper_that_the_config_asks_for_is_kept(monkeypatch, has_gpu):
    monkeypatch.setattr('torch.cuda.is_available', lambda: has_gpu)
    asked = dict(type='MMDistributedDataParallel', static_graph=True, find_unused_parameters=True)
    cfg = Config(dict(launcher='pytorch', model_wrapper_cfg=asked))
    start_processes(cfg)
    assert {**cfg.model_wrapper_cfg, 'device_ids': None} == {**asked, 'broadcast_buffers': False, 'device_ids': None}
    cfg = Config(dict(launcher='pytorch', model_wrapper_cfg=dict(type='MMFullyShardedDataParallel')))
    start_processes(cfg)
    assert cfg.model_wrapper_cfg == dict(type='MMFullyShardedDataParallel')


def test_launching_needs_no_torch():
    code = 'import sys, ltcl.launch.launcher; sys.exit("torch" in sys.modules)'
    subprocess.run([sys.executable, '-c', code], check=True)


def test_limit_sets_how_often_to_look():
    progress = Progress()
    assert progress.period == 1
    progress.limit = 5.0
    assert progress.period == 0.5
    assert PROGRESS.limit is None
