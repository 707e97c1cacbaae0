"""A training that ends where it no longer gets better."""

from typing import Any

from mmengine.hooks import EarlyStoppingHook
from mmengine.runner import Runner

from ltcl.registry import HOOKS

STATE_KEY = 'ltcl/patience'


@HOOKS.register_module()
class PatienceHook(EarlyStoppingHook):
    """mmengine's ``EarlyStoppingHook``, whose count survives a resume; a run that it ended is not gone on with.

    Args:
        monitor: Metric of the validation; greater is better.
        patience: Validations without a better value after which the training ends.
        min_delta: What a value must be above the best one to be better.
    """

    # Before CheckpointHook (VERY_LOW), whose checkpoint then holds the count.
    priority = 'LOW'

    def __init__(self, monitor: str = 'shot/macro', patience: int = 5, min_delta: float = 0.1) -> None:
        super().__init__(monitor, rule='greater', min_delta=min_delta, patience=patience, strict=True)

    def before_train(self, runner: Runner) -> None:
        """Take up the count of the resumed run."""
        saved = runner.message_hub.get_info(STATE_KEY) if runner.iter > 0 else None
        if saved:
            self.wait_count, self.best_score = int(saved['waited']), float(saved['best'])
            runner.train_loop.stop_training = self.wait_count >= self.patience

    def after_val_epoch(self, runner: Runner, metrics: dict[str, Any] | None = None) -> None:
        """Count, and end the training where it has waited long enough."""
        super().after_val_epoch(runner, metrics or {})
        runner.message_hub.update_info(STATE_KEY, dict(waited=self.wait_count, best=float(self.best_score)))

    def _check_stop_condition(self, current_score: float) -> tuple[bool, str]:
        is_over, message = super()._check_stop_condition(current_score)
        if is_over and self.wait_count >= self.patience:
            message = (
                f'The training ends here: {self.monitor} has not risen above {self.best_score:.2f} for '
                f'{self.wait_count} validations (patience {self.patience})'
            )
        return is_over, message
