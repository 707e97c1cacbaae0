"""Tells the watch of the process how far the run is."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from ltcl.launch.processes import stall_limit
from ltcl.launch.progress import PROGRESS
from ltcl.registry import HOOKS

# Order of what happens with the same number of finished iterations.
VALIDATION, ITERATION_BEGUN, ITERATION_DONE = range(3)


@HOOKS.register_module()
class HeartbeatHook(Hook):
    """Notes every iteration of training, validation and test; a run of the tools that stalls is ended, with a reason.

    ``stall_timeout`` at the top of the config is the limit in seconds from one iteration to the next, 600 if it is
    missing and 0 for none; ``LTCL_STALL_TIMEOUT`` in the environment comes before it. Without the tools nobody
    watches, and nothing is ended.
    """

    # After what other hooks do in an iteration, so that a process that hangs there is behind those that do not.
    priority = 'LOWEST'

    def before_train(self, runner: Runner) -> None:
        """Begin to count; building and downloading have no limit."""
        PROGRESS.step((0, VALIDATION, 0))
        PROGRESS.limit = stall_limit(runner.cfg)

    before_test = before_train

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """The batch is loaded."""
        PROGRESS.step((runner.iter, ITERATION_BEGUN, 0))

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """The iteration is done."""
        PROGRESS.step((runner.iter, ITERATION_DONE, 0))

    def after_train_epoch(self, runner: Runner) -> None:
        """The checkpoint of the epoch is written."""
        PROGRESS.step()

    def before_val_epoch(self, runner: Runner) -> None:
        """What a validation needs is prepared."""
        PROGRESS.step((runner.iter, VALIDATION, 0))

    def after_val_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """A batch is evaluated."""
        PROGRESS.step((runner.iter, VALIDATION, batch_idx + 1))

    def after_val_epoch(self, runner: Runner, metrics: dict[str, Any] | None = None) -> None:
        """The metrics are computed."""
        PROGRESS.step()

    def after_test_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """A batch is tested."""
        PROGRESS.step((0, VALIDATION, batch_idx + 1))

    def after_train(self, runner: Runner) -> None:
        """The report is written; what follows has no limit."""
        PROGRESS.limit = None

    after_test = after_train
