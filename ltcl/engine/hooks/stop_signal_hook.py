"""A stopped run leaves a checkpoint."""

import signal
from pathlib import Path
from types import FrameType

import torch
from mmengine.dist import all_reduce, barrier, get_world_size, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ltcl.registry import HOOKS


class TrainingStopped(SystemExit):
    """Ends the run after its checkpoint is written; the exit status is 128 plus the signal's number."""


@HOOKS.register_module()
class StopSignalHook(Hook):
    """On Ctrl-C or SIGTERM, finishes the iteration, saves a checkpoint and ends the run.

    ``--resume`` goes on from the very iteration (``ltcl.ResumableTrainLoop``). A second signal ends the run at once.
    With gradient accumulation the stop waits for the optimizer step, because gradients are not saved. A signal during
    validation is acted on at the next iteration.

    Args:
        interval: Iterations between two looks at whether any process was told to stop; processes must agree, and asking
            costs a small all-reduce. One process looks at every iteration.
    """

    priority = 'LOWEST'

    def __init__(self, interval: int = 10) -> None:
        self.interval = interval
        self._signal = 0
        self._previous: dict[int, object] = {}

    def before_train(self, runner: Runner) -> None:
        """Start to listen."""
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._remember)

    def after_train(self, runner: Runner) -> None:
        """Leave signals to whoever listened before."""
        self._restore()

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None
    ) -> None:
        """Save and stop if any process was told to."""
        if not runner.optim_wrapper.should_update():
            return
        number = self._agreed_signal(runner.iter)
        if number:
            self._restore()
            filename = f'stopped_iter_{runner.iter + 1}.pth'
            runner.save_checkpoint(runner.work_dir, filename, file_client_args=None, by_epoch=False)
            path = Path(runner.work_dir, filename)
            if is_main_process():
                Path(runner.work_dir, 'last_checkpoint').write_text(str(path))
                runner.logger.info(f'Stopped after iteration {runner.iter + 1}, saved {path}. Go on with --resume auto')
            barrier()  # a process that ends first has the launcher end the one that still writes
            raise TrainingStopped(128 + number)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self._signal = number
        self._restore()

    def _restore(self) -> None:
        while self._previous:
            number, handler = self._previous.popitem()
            signal.signal(number, handler)

    def _agreed_signal(self, iteration: int) -> int:
        """The signal that any process received, the same on every process; 0 for none."""
        if get_world_size() == 1:
            return self._signal
        if (iteration + 1) % self.interval:
            return 0
        number = torch.tensor(self._signal)
        all_reduce(number, 'max')
        return int(number)
