"""Two processes of which one fails, stalls, is killed, or loses its launcher: who is named, and what is left."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from toy import toy_config

from ltcl.checkpoints.reading import load_from_local

ROOT = Path(__file__).parents[2]
TESTS = ROOT / 'tests'
ENVIRONMENT = {
    **os.environ,
    'OMP_NUM_THREADS': '1',
    'PYTHON': sys.executable,
    'PYTHONPATH': os.pathsep.join([str(TESTS), *filter(None, [os.environ.get('PYTHONPATH')])]),
}
ENDLESS = dict(train_cfg__max_epochs=400, train_cfg__val_interval=400)
LAUNCHERS = {
    'ours': lambda config: ['bash', 'tools/dist_train.sh', str(config), '2'],
    'torchrun': lambda config: [
        *(sys.executable, '-m', 'torch.distributed.run', '--nproc-per-node=2', '--standalone'),
        *('tools/train.py', str(config), '--launcher', 'pytorch'),
    ],
    'none': lambda config: [sys.executable, 'tools/train.py', str(config)],
}


def write_config(images, folder, hook=None, transform=None, other_hook=None, **changes):
    """A config in which mischief happens."""
    cfg = toy_config(images, folder / 'run', 'gpaco', train_dataloader__batch_size=4, **changes)
    cfg.custom_imports = dict(imports=['mischief'])
    hooks = [dict(type='MischiefHook', **each) for each in (hook, other_hook) if each is not None]
    cfg.custom_hooks += hooks
    if transform is not None:
        cfg.train_dataloader.dataset.pipeline.insert(1, dict(type='MischiefTransform', **transform))
    path = folder / 'config.py'
    cfg.dump(path)
    return path


def start(config, launcher='ours', *options):
    return subprocess.Popen(
        [*LAUNCHERS[launcher](config), *options],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    """Exit status and standard error."""
    errors = process.communicate(timeout=240)[1]
    return process.returncode, errors


def assert_last_line(errors, expected):
    """The first failure is the last line, and stands there once."""
    last = errors.splitlines()[-1]
    assert last.startswith('error: '), errors
    assert expected in last, errors
    assert errors.count('error: ') == 1, errors


def wait_for(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, 'it did not happen'
        time.sleep(0.1)


def is_running(config):
    """Whether any process has the config on its command line."""
    lines = []
    for path in Path('/proc').glob('[0-9]*/cmdline'):
        with contextlib.suppress(OSError):  # it ends while it is looked at
            lines.append(path.read_bytes())
    return any(str(config).encode() in line for line in lines)


def test_error_in_a_worker_of_one_process(images, tmp_path):
    config = write_config(images, tmp_path, transform=dict(kind='bug'), train_dataloader__num_workers=1)
    status, errors = finish(start(config))
    assert status == 1
    assert_last_line(errors, "KeyError: 'a bug' (rank 1)")
    assert errors.count('Traceback') <= 2  # the worker's in that of the process
    assert 'Connection' not in errors


def test_stopped_process_is_named(images, tmp_path):
    config = write_config(images, tmp_path, hook=dict(kind='SIGSTOP'))
    status, errors = finish(start(config, 'ours', '--cfg-options', 'stall_timeout=4'))
    assert status == 124
    assert_last_line(errors, 'rank 1 has stalled (it does not answer)')
    assert not is_running(config)


def test_processes_save_and_end_when_their_launcher_is_killed(images, tmp_path):
    config = write_config(images, tmp_path, **ENDLESS)
    process = start(config)
    wait_for((tmp_path / 'run' / 'last_checkpoint').exists, 120)
    process.kill()
    wait_for(lambda: not is_running(config), 60)
    assert list((tmp_path / 'run').glob('stopped_iter_*.pth'))


@pytest.mark.slow
def test_worker_that_hangs_ends_a_single_process(images, tmp_path):
    config = write_config(images, tmp_path, transform=dict(kind='sleep', rank=0), train_dataloader__num_workers=1)
    status, errors = finish(start(config, 'none', '--cfg-options', 'stall_timeout=3'))
    assert status == 124
    assert_last_line(errors, 'the run has stalled (waiting for a worker of the dataloader)')
    assert not is_running(config)


@pytest.mark.slow
@pytest.mark.parametrize(
    ('mischief', 'status', 'expected'),
    [
        (dict(transform=dict(kind='user_error')), 1, 'images/7.jpg is truncated (rank 1)'),
        (dict(transform=dict(kind='user_error', rank=0)), 1, 'images/7.jpg is truncated (rank 0)'),
        (dict(hook=dict(kind='bug', rank=None)), 1, "KeyError: 'a bug' (rank"),
        (dict(hook=dict(kind='import')), 1, "No module named 'no_such_package' (rank 1)"),
        (dict(hook=dict(kind='bug', rank=0, moment='after_val_iter', iteration=0)), 1, "KeyError: 'a bug' (rank 0)"),
        (dict(hook=dict(kind='SIGKILL')), 137, 'rank 1 was ended by SIGKILL: was the memory used up?'),
        (dict(hook=dict(kind='SIGKILL', rank=0)), 137, 'rank 0 was ended by SIGKILL: was the memory used up?'),
        (dict(hook=dict(kind='SIGSEGV')), 139, 'rank 1 was ended by SIGSEGV'),
        (dict(hook=dict(kind='SIGSTOP', rank=0)), 124, 'rank 0 has stalled (it does not answer)'),
        (dict(hook=dict(kind='sleep')), 124, 'rank 1 has stalled (in tests/mischief.py'),
        (dict(hook=dict(kind='sleep', moment='after_train_iter')), 124, 'rank 1 has stalled (in tests/mischief.py'),
        (dict(hook=dict(kind='sleep', moment='after_val_iter')), 124, 'rank 1 has stalled (in tests/mischief.py'),
        (dict(hook=dict(kind='sleep', rank=0, moment='before_save_checkpoint')), 124, 'rank 0 has stalled'),
        (dict(transform=dict(kind='sleep')), 124, 'rank 1 has stalled (in tests/mischief.py'),
        (
            dict(transform=dict(kind='sleep'), train_dataloader__num_workers=1),
            124,
            'rank 1 has stalled (waiting for a worker of the dataloader)',
        ),
    ],
)
def test_first_failure_is_printed_last(images, tmp_path, mischief, status, expected):
    config = write_config(images, tmp_path, **mischief)
    found, errors = finish(start(config, 'ours', '--cfg-options', 'stall_timeout=6'))
    assert found == status, errors
    assert_last_line(errors, expected)
    assert not is_running(config)


@pytest.mark.slow
def test_checkpoint_that_is_being_written_when_another_process_fails(images, tmp_path):
    """Rank 0 takes its time to write the first epoch while rank 1 fails in the second."""
    config = write_config(
        images,
        tmp_path,
        hook=dict(kind='bug', iteration=5),
        other_hook=dict(kind='pause', rank=0, iteration=0, moment='before_save_checkpoint'),
    )
    status, errors = finish(start(config))
    assert status == 1
    assert_last_line(errors, "KeyError: 'a bug' (rank 1)")
    assert load_from_local(tmp_path / 'run' / 'epoch_1.pth')['meta']['epoch'] == 1


@pytest.mark.slow
@pytest.mark.parametrize('launcher', ['ours', 'torchrun'])
@pytest.mark.parametrize('hook', [None, dict(kind='sleep', iteration=6)])
def test_nobody_outlives_a_launcher(images, tmp_path, launcher, hook):
    config = write_config(images, tmp_path, hook=hook, **ENDLESS)
    process = start(config, launcher)
    wait_for((tmp_path / 'run' / 'last_checkpoint').exists, 120)
    time.sleep(2)
    process.kill()
    wait_for(lambda: not is_running(config), 60)


@pytest.mark.slow
def test_torchrun_quotes_the_first_failure(images, tmp_path):
    config = write_config(images, tmp_path, transform=dict(kind='user_error'))
    status, errors = finish(start(config, 'torchrun'))
    assert status == 1
    root_cause = errors.rpartition('Root Cause')[2]
    assert 'error: images/7.jpg is truncated (rank 1)' in root_cause
    assert 'Connection' not in errors


@pytest.mark.slow
@pytest.mark.parametrize('moment', ['before_train_iter', 'after_val_iter'])
def test_signal_with_slow_steps(images, tmp_path, moment):
    """Only one process gets it; ten slow iterations would take 20 seconds."""
    hook = dict(kind='SIGUSR1', moment=moment, pause=2.0, once=str(tmp_path / 'done'), iteration=3)
    config = write_config(images, tmp_path, hook=hook, train_cfg__max_epochs=2, train_cfg__val_interval=1)
    process = start(config)
    wait_for((tmp_path / 'done').exists, 180)
    started = time.monotonic()
    status, errors = finish(process)
    assert time.monotonic() - started < 15
    assert status == 128 + signal.SIGUSR1, errors
    assert len(list((tmp_path / 'run').glob('stopped_iter_*.pth'))) == 1
    status, errors = finish(start(config, 'ours', '--resume', 'auto'))
    assert status == 0, errors
    assert load_from_local(tmp_path / 'run' / 'epoch_2.pth')['meta']['epoch'] == 2


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """Stand-ins for srun and scontrol."""
    stand_ins = {'srun': f'exec {sys.executable} {TESTS / "fake_srun.py"} "$@"', 'scontrol': 'echo 127.0.0.1'}
    for name, line in stand_ins.items():
        (tmp_path / name).write_text(f'#!/bin/bash\n{line}\n')
        (tmp_path / name).chmod(0o755)
    monkeypatch.setitem(ENVIRONMENT, 'PATH', f'{tmp_path}:{os.environ["PATH"]}')
    monkeypatch.setitem(ENVIRONMENT, 'GPUS', '2')
    monkeypatch.setitem(LAUNCHERS, 'slurm', lambda config: ['bash', 'tools/slurm_train.sh', 'part', 'job', str(config)])


@pytest.mark.slow
@pytest.mark.usefixtures('slurm')
@pytest.mark.parametrize(
    ('mischief', 'status', 'expected'),
    [
        (dict(transform=dict(kind='user_error')), 1, 'images/7.jpg is truncated (rank 1)'),
        (dict(transform=dict(kind='user_error', rank=0)), 1, 'images/7.jpg is truncated (rank 0)'),
        (dict(hook=dict(kind='sleep')), 124, 'rank 1 has stalled (in tests/mischief.py'),
    ],
)
def test_without_our_launcher_one_process_speaks(images, tmp_path, mischief, status, expected):
    config = write_config(images, tmp_path, **mischief)
    found, errors = finish(start(config, 'slurm', '--cfg-options', 'stall_timeout=6'))
    assert found == status, errors
    assert_last_line(errors, expected)


@pytest.mark.slow
@pytest.mark.usefixtures('slurm')
def test_slurm_signal_leaves_a_checkpoint(images, tmp_path):
    config = write_config(images, tmp_path, **ENDLESS)
    process = start(config, 'slurm')
    wait_for((tmp_path / 'run' / 'last_checkpoint').exists, 120)
    process.send_signal(signal.SIGUSR1)
    assert process.wait(60) == 128 + signal.SIGUSR1
    assert list((tmp_path / 'run').glob('stopped_iter_*.pth'))
