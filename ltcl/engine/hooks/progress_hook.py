"""Live progress bar."""

import atexit
import sys
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ltcl.registry import HOOKS


@HOOKS.register_module()
class ProgressHook(Hook):
    """Shows epoch, loss, elapsed and remaining time while training, below the log lines.

    Only on a terminal and on the main process; elsewhere the log lines carry the remaining time.
    """

    priority = 'LOW'

    def __init__(self) -> None:
        self._progress: Progress | None = None

    def before_train(self, runner: Runner) -> None:
        """Show the bar and send log lines above it."""
        console = Console(file=sys.stdout)
        if not (is_main_process() and console.is_terminal):
            return
        self._progress = Progress(
            TextColumn('{task.description}'),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn('elapsed'),
            TimeElapsedColumn(),
            TextColumn('left'),
            TimeRemainingColumn(elapsed_when_finished=False),
            console=console,
        )
        self._task = self._progress.add_task('training', total=runner.max_iters, completed=runner.iter)
        self._progress.start()
        atexit.register(self._progress.stop)  # a run that ends early must not leave the terminal without a cursor
        self._redirect(runner)

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Advance the bar."""
        if self._progress is not None:
            loss = float(outputs['loss']) if outputs and 'loss' in outputs else float('nan')
            by_epoch = isinstance(runner.train_loop, EpochBasedTrainLoop)
            epoch = f'epoch {runner.epoch + 1}/{runner.max_epochs}  ' if by_epoch else ''
            self._progress.update(self._task, completed=runner.iter + 1, description=f'{epoch}loss {loss:.3f}')

    def after_train(self, runner: Runner) -> None:
        """Take the bar down."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
            self._redirect(runner)

    @staticmethod
    def _redirect(runner: Runner) -> None:
        """Point console handlers at what is standard output now: rich replaces it while a bar is shown."""
        for handler in runner.logger.handlers:
            if type(handler).__name__ == 'StreamHandler':
                handler.setStream(sys.stdout)
