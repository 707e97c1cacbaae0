"""How far training, validation and test are."""

import sys
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner

from ltcl.notices import note_progress
from ltcl.progress_bars import Work
from ltcl.registry import HOOKS


@HOOKS.register_module()
class ProgressHook(Hook):
    """Shows epoch, loss, elapsed and remaining time below the log lines; a validation or test has a bar of its own.

    Where there is no terminal, a line tells every minute how far it is, unless a log line did so. Only on the main
    process. See :mod:`ltcl.progress_bars`.
    """

    priority = 'LOW'

    def __init__(self) -> None:
        self._training: Work | None = None
        self._evaluation: Work | None = None

    def before_train(self, runner: Runner) -> None:
        """Begin to count iterations."""
        self._training = Work('training', runner.max_iters, 'iterations', stream=sys.stdout, say=note_progress, delay=0)
        self._training.skip(runner.iter)

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Count an iteration."""
        if self._training is not None:
            if self._is_logged(runner, batch_idx):
                self._training.heard()
            # Reading the loss stalls a GPU.
            self._training.advance(title=_title(runner, outputs) if self._training.on_terminal else None)

    def after_train(self, runner: Runner) -> None:
        """Take the bar down."""
        if self._training is not None:
            self._training.end()
            self._training = None

    def before_val_epoch(self, runner: Runner) -> None:
        """Begin to count the batches of a validation."""
        self._begin('validation', runner.val_dataloader)

    def before_test_epoch(self, runner: Runner) -> None:
        """Begin to count the batches of a test."""
        self._begin('test', runner.test_dataloader)

    def after_val_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Count a batch."""
        if self._evaluation is not None:
            self._evaluation.advance()

    def after_val_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        """Take the bar of the validation down."""
        if self._evaluation is not None:
            self._evaluation.end()
            self._evaluation = None

    after_test_iter = after_val_iter
    after_test_epoch = after_val_epoch

    def _begin(self, title: str, dataloader: Any) -> None:
        self._evaluation = Work(title, len(dataloader), 'batches', stream=sys.stdout, say=note_progress)

    @staticmethod
    def _is_logged(runner: Runner, batch_idx: int) -> bool:
        """Whether the logger writes a line at this iteration."""
        interval = next((each.interval for each in runner.hooks if type(each).__name__ == 'LoggerHook'), 0)
        return bool(interval) and (batch_idx + 1) % interval == 0


def _title(runner: Runner, outputs: Any) -> str:
    """Epoch and loss."""
    loss = float(outputs['loss'].detach()) if outputs and 'loss' in outputs else float('nan')
    by_epoch = isinstance(runner.train_loop, EpochBasedTrainLoop)
    return f'{f"epoch {runner.epoch + 1}/{runner.max_epochs}  " if by_epoch else ""}loss {loss:.3f}'
