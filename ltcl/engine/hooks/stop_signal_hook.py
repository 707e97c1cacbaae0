"""A stopped run leaves a checkpoint."""

import multiprocessing
import os
import signal
import threading
import time
from functools import partial
from multiprocessing.util import Finalize
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from mmengine.dist import all_reduce, is_main_process
from mmengine.hooks import EMAHook, Hook
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from ltcl.checkpoints.finding import STOPPED
from ltcl.engine.agreement import Agreement, any_process
from ltcl.engine.saving import LostCheckpoint, add_checkpoint, keep_newest
from ltcl.launch.exit_codes import stopped_by
from ltcl.registry import HOOKS

# Of these a second one ends the run at once: a person, or a cluster that is out of patience.
URGENT = (signal.SIGINT, signal.SIGTERM)
# A closed terminal and Slurm's --signal send these, once or several times.
PATIENT = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
# `timeout`, `scancel` and service managers send the same signal twice in a row.
SAME_SIGNAL_SECONDS = 1
# Between two looks of a worker at whether its parent lives.
PARENT_SECONDS = 5


class TrainingStopped(SystemExit):
    """Ends the run after its checkpoint is written; the exit status is 128 plus the signal's number."""


@HOOKS.register_module()
class StopSignalHook(Hook):
    """On Ctrl-C, SIGTERM, SIGHUP, SIGUSR1 or SIGUSR2, finishes the iteration, saves a checkpoint and ends the run.

    ``--resume`` goes on from the very iteration (``ltcl.ResumableTrainLoop``). A signal during a validation ends it at
    once; the resumed run begins with that validation, as ``ltcl.CheckpointHook`` notes which one was the last. A second
    SIGINT or SIGTERM ends the run without a checkpoint. A signal that was ignored when the run began, as ``nohup`` has
    SIGHUP ignored, stays so. With gradient accumulation the stop waits for the optimizer step, so that no gradients
    have to be saved. A checkpoint that cannot be written is status 3.

    Args:
        period: Seconds between two looks at whether any process was told to stop. Processes must agree, and asking
            costs a small all-reduce (``ltcl.engine.agreement``). One process looks at every iteration.
    """

    priority = 'LOWEST'

    def __init__(self, period: float = 1.0) -> None:
        self.period = period
        self._signal = 0
        self._urgent_at: float | None = None
        self._previous: dict[int, Any] = {}
        self._process = os.getpid()
        self._training = self._validation = Agreement(period)

    def before_train(self, runner: Runner) -> None:
        """Start to listen."""
        self._process = os.getpid()
        for number in (*URGENT, *PATIENT):
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._previous[number] = signal.signal(number, self._remember)
        self._training = Agreement(self.period)
        for loop in (runner.train_loop, runner.val_loop):
            if loop is not None:
                _shield_workers(loop.dataloader)

    def after_train(self, runner: Runner) -> None:
        """Leave signals to whoever listened before."""
        self._restore()

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Save and stop if any process was told to."""
        if not runner.optim_wrapper.should_update():
            return
        number = self._training.ask(self._signal)
        if number:
            self._stop(runner, number, epoch=runner.epoch, iter=runner.iter + 1)

    def before_val_epoch(self, runner: Runner) -> None:
        """Agree on how many batches all processes have; stop if any process was told to."""
        if self._previous:
            answer = torch.tensor([self._signal, -len(runner.val_dataloader)])
            all_reduce(answer, 'max')
            self._validation = Agreement(self.period, max_steps=-int(answer[1]))
            self._stop_validation(runner, int(answer[0]))

    def after_val_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Stop if any process was told to."""
        if self._previous:
            self._stop_validation(runner, self._validation.ask(self._signal))

    def _stop_validation(self, runner: Runner, number: int) -> None:
        if not number:
            return
        for hook in runner.hooks:
            if isinstance(hook, EMAHook):  # it has put the averaged weights in the place of the trained ones
                hook.after_val_epoch(runner)
        self._stop(runner, number, epoch=runner.epoch, iter=runner.iter)

    def _stop(self, runner: Runner, number: int, **position: int) -> None:
        name = f'{STOPPED}_{position["iter"]}.pth'
        is_lost = any_process(not add_checkpoint(runner, name, position, otherwise='the run ends at its last one'))
        if is_main_process() and not is_lost:
            keep_newest(runner.work_dir, name, max_keep=-1)
            runner.logger.info(
                f'Stopped by {signal.Signals(number).name} after iteration {position["iter"]}, saved '
                f'{Path(runner.work_dir, name)}. Go on with --resume auto'
            )
        self._restore()
        # All have agreed, so none ends and has the launcher end the one that still writes.
        raise LostCheckpoint if is_lost else TrainingStopped(stopped_by(number))

    def _remember(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._process:
            return  # a worker of a dataloader, forked with this handler; its parent ends it
        self._signal = self._signal or number
        if number not in URGENT:
            return
        now = time.monotonic()
        if self._urgent_at is not None and now - self._urgent_at > SAME_SIGNAL_SECONDS:
            self._restore()
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self._urgent_at = self._urgent_at or now

    def _restore(self) -> None:
        while self._previous:
            number, handler = self._previous.popitem()
            signal.signal(number, handler)


def _shield_workers(dataloader: DataLoader) -> None:
    """Have the workers of a dataloader survive what stops the whole process group, a container or a service.

    Their death would be an error before the run could save. Their parent ends them.
    """
    is_shielded = getattr(dataloader.worker_init_fn, 'func', None) is _init_worker
    if dataloader.num_workers and not is_shielded and hasattr(signal, 'sigtimedwait'):  # not on macOS
        dataloader.worker_init_fn = partial(_init_worker, dataloader.worker_init_fn, os.getpid())
        Finalize(None, _end_workers, exitpriority=0)


def _end_workers() -> None:
    # multiprocessing tells a worker once and then waits for it. Of two signals that wait to be delivered the second is
    # lost: one from the parent is, right after one to the whole group.
    for worker in multiprocessing.active_children():
        while worker.daemon and worker.is_alive():
            worker.terminate()
            worker.join(1)


def _init_worker(init: Any, parent: int, worker_id: int) -> None:
    for number in (signal.SIGINT, *PATIENT):
        signal.signal(number, signal.SIG_IGN)
    # torch's own handler of SIGTERM ends the worker, as a failure if another than its parent sent it. A thread can also
    # tell who sent it, and lets only the parent end it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    threading.Thread(target=_obey_parent, args=(parent,), daemon=True).start()
    if init is not None:
        init(worker_id)


def _obey_parent(parent: int) -> None:
    # torch's workers look for their parent too, but for the one they have when they begin: if the real one is killed
    # right after the fork, they wait for ever.
    while os.getppid() == parent:
        told = signal.sigtimedwait({signal.SIGTERM}, PARENT_SECONDS)
        if told is not None and told.si_pid == parent:
            break
    os._exit(0)
