"""What a signal does to a run, wherever it arrives."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from forked import wait
from mmengine.hooks import Hook
from resume_checks import assert_same_state, train
from toy import toy_config

from ltcl.engine import Runner
from ltcl.engine.hooks.run_report_hook import RECORD_KEY
from ltcl.engine.hooks.stop_signal_hook import StopSignalHook, TrainingStopped, _end_workers, _init_worker

ITERS_PER_EPOCH = 5
REPORTED = dict(with_report=True, train_cfg__val_interval=1)
ROOT = Path(__file__).parents[2]


class SignalInValidation(Hook):
    """Sends a signal to this process while the validation of an epoch runs."""

    def __init__(self, epoch: int, batch: int, number: int = signal.SIGTERM) -> None:
        self.epoch, self.batch, self.number = epoch, batch, number

    def after_val_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if (runner.epoch, batch_idx) == (self.epoch, self.batch):
            os.kill(os.getpid(), self.number)


def train_until_signal(cfg, *hooks):
    runner = Runner.from_cfg(cfg)
    for hook in hooks:
        runner.register_hook(hook)
    with pytest.raises(TrainingStopped) as stopped:
        runner.train()
    return stopped.value.code


def validations(runner):
    """Epoch and figures of every validation of a run, those before a stop included."""
    history = runner.message_hub.get_info(RECORD_KEY)['history']
    return [(entry['epoch'], entry['iter'], entry['metrics']['shot/all']) for entry in history]


@pytest.fixture(scope='module')
def whole(images, tmp_path_factory):
    return train(toy_config(images, tmp_path_factory.mktemp('whole'), **REPORTED))


@pytest.mark.parametrize('number', [signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGINT, signal.SIGTERM])
def test_each_signal_leaves_a_checkpoint(images, tmp_path, number):
    with pytest.raises(TrainingStopped) as stopped:
        train(toy_config(images, tmp_path), stop_at=1, number=number)
    assert stopped.value.code == 128 + number
    assert (tmp_path / 'stopped_iter_2.pth').exists()


@pytest.mark.parametrize(('epoch', 'batch'), [(2, 0), (2, 4), (4, 1)])
def test_stop_in_a_validation_goes_on_with_that_validation(images, tmp_path, whole, epoch, batch):
    cfg = toy_config(images, tmp_path, **REPORTED)
    assert train_until_signal(cfg, SignalInValidation(epoch, batch)) == 128 + signal.SIGTERM
    assert Path((tmp_path / 'last_checkpoint').read_text()).name == f'stopped_iter_{epoch * ITERS_PER_EPOCH}.pth'
    resumed = train(toy_config(images, tmp_path, resume=True, **REPORTED))
    assert_same_state(resumed, whole)
    assert validations(resumed) == validations(whole)


def test_averaged_weights_are_not_saved_as_the_trained_ones(images, tmp_path):
    changes = dict(custom_hooks=[dict(type='EMAHook', momentum=0.3), dict(type='ltcl.StopSignalHook')])
    changes |= dict(train_cfg__val_interval=1)
    whole = train(toy_config(images, tmp_path / 'whole', 'cross_entropy', **changes))
    train_until_signal(toy_config(images, tmp_path / 'part', 'cross_entropy', **changes), SignalInValidation(2, 1))
    resumed = train(toy_config(images, tmp_path / 'part', 'cross_entropy', resume=True, **changes))
    assert_same_state(resumed, whole)


def test_signal_while_a_checkpoint_is_written(images, tmp_path, whole):
    class SignalWhileSaving(Hook):
        def before_save_checkpoint(self, runner, checkpoint):
            if runner.epoch == 1:
                os.kill(os.getpid(), signal.SIGTERM)

    assert train_until_signal(toy_config(images, tmp_path, **REPORTED), SignalWhileSaving()) == 143
    assert_same_state(train(toy_config(images, tmp_path, resume=True, **REPORTED)), whole)


def test_ignored_signals_stay_ignored(images, tmp_path):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        runner = train(toy_config(images, tmp_path, train_cfg__max_epochs=1), stop_at=1, number=signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
    assert runner.iter == ITERS_PER_EPOCH


def test_all_handlers_are_put_back(images, tmp_path):
    numbers = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    with pytest.raises(TrainingStopped):
        train(toy_config(images, tmp_path), stop_at=1)
    assert [signal.getsignal(number) for number in numbers] == before


def signal_oneself(words):
    """A process gets signals, with pauses in between; how it ends. 0 if it goes on."""
    process = os.fork()
    if process == 0:
        hook = StopSignalHook()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
            signal.signal(number, hook._remember)
        for word in words:
            time.sleep(word) if isinstance(word, float) else os.kill(os.getpid(), word)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


@pytest.mark.parametrize(
    ('words', 'status'),
    [
        ([signal.SIGTERM, signal.SIGTERM], 0),  # `timeout` and `scancel` send it to the process and to its group
        ([signal.SIGTERM, 1.1, signal.SIGTERM], -signal.SIGTERM),
        ([signal.SIGINT, 1.1, signal.SIGTERM], -signal.SIGTERM),
        ([signal.SIGHUP, 1.1, signal.SIGHUP], 0),  # a terminal that closes
        ([signal.SIGUSR1, 1.1, signal.SIGTERM], 0),  # Slurm, while the checkpoint is written
    ],
)
def test_second_signal(words, status):
    assert signal_oneself(words) == status


def test_worker_whose_parent_was_killed_right_after_the_fork_ends():
    """torch's own watch takes the process that has adopted the worker for its parent, and waits for ever."""
    worker = os.fork()
    if not worker:
        _init_worker(None, parent=os.getppid() + 1, worker_id=0)
        time.sleep(60)
        os._exit(1)
    assert wait(worker, seconds=20) == 0


def test_signal_to_the_whole_group_spares_the_workers(images, tmp_path):
    """As service managers, containers and Slurm stop a run; a worker that dies would be an error before the save."""
    workers = dict(train_dataloader__num_workers=2, train_dataloader__persistent_workers=True)
    cfg = toy_config(images, tmp_path / 'run', train_cfg__max_epochs=400, train_cfg__val_interval=400, **workers)
    cfg.dump(tmp_path / 'config.py')
    process = subprocess.Popen(
        [sys.executable, ROOT / 'tools' / 'train.py', tmp_path / 'config.py'],
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not (tmp_path / 'run' / 'last_checkpoint').exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGTERM)
    errors = process.communicate(timeout=60)[1]
    assert process.returncode == 128 + signal.SIGTERM, errors
    assert 'Traceback' not in errors
    assert list((tmp_path / 'run').glob('stopped_iter_*.pth'))


def _work_from(go):
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    go.wait()
    _init_worker(None, os.getppid(), 0)
    time.sleep(600)


def test_worker_that_was_told_twice_at_a_time_ends():
    """The second signal is lost while the first one waits; without its parent's, the worker would live on."""
    context = multiprocessing.get_context('fork')
    go = context.Event()
    worker = context.Process(target=_work_from, args=(go,), daemon=True)
    worker.start()
    time.sleep(0.5)
    subprocess.run(['kill', '-TERM', str(worker.pid)], check=True)
    worker.terminate()
    go.set()
    worker.join(1)
    assert worker.is_alive()
    _end_workers()
    assert worker.exitcode == 0
