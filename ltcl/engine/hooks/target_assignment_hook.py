"""When TSC turns its targets on, and when it matches them with the classes."""

from mmengine.hooks import Hook
from mmengine.runner import Runner

from ltcl.errors import UserError
from ltcl.models.utils import ClassTargetsMixin
from ltcl.registry import HOOKS

from ..unwrapped import unwrapped

BEGUN_KEY = 'targets_begin_epoch'


@HOOKS.register_module()
class TargetAssignmentHook(Hook):
    """Drives the two phases of `TSC <https://arxiv.org/abs/2111.13998>`_ by setting the flags of its head.

    Everything follows from the iteration's number, so a resumed run goes on in its phase, and the matching that it
    starts with is the one in the checkpoint. The learning rate of the second phase is the config's, such as mmengine's
    ``CosineRestartLR``.

    Args:
        interval: Iterations from one matching to the next, the first at the start of the second phase. One matching of
            1,000 classes takes tens of milliseconds, of 8,000 classes seconds. The original has 1.
        begin_epoch: Epoch, from 0, in which the targets start; 0 has them from the start. None is half of the epochs,
            as published.
        update_centers_before: Move the class centers in the first phase as well. As published, they are random when
            the second phase starts.
        reset_optimizer: Drop the optimizer's state (momentum) when the targets start, as published.

    Differs from the original: start epoch, interval and centers in the first phase are options.

    Raises:
        UserError: ``interval`` below 1, negative ``begin_epoch``, or a model without a head for targets.
    """

    def __init__(
        self,
        interval: int = 50,
        begin_epoch: int | None = None,
        update_centers_before: bool = False,
        reset_optimizer: bool = True,
    ) -> None:
        if interval < 1:
            raise UserError(f'interval of TargetAssignmentHook must be at least 1, got {interval}')
        if begin_epoch is not None and begin_epoch < 0:
            raise UserError(f'begin_epoch of TargetAssignmentHook must not be negative, got {begin_epoch}')
        self.interval = interval
        self.begin_epoch = begin_epoch
        self.update_centers_before = update_centers_before
        self.reset_optimizer = reset_optimizer
        self._begun: int | None = None

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Stay in the second phase when a run that is in it is resumed with another number of epochs."""
        if runner._resume:
            self._begun = checkpoint['meta'].get(BEGUN_KEY)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Note when the second phase began, once it has."""
        begin_epoch = self._begin_epoch(runner)
        if checkpoint['meta']['iter'] > begin_epoch * len(runner.train_dataloader):
            checkpoint['meta'][BEGUN_KEY] = begin_epoch

    def _begin_epoch(self, runner: Runner) -> int:
        planned = runner.max_epochs // 2 if self.begin_epoch is None else self.begin_epoch
        return planned if self._begun is None else self._begun

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None) -> None:
        """Set the head's flags for this iteration; drop the optimizer's state in the first one with targets."""
        since_begin = runner.iter - self._begin_epoch(runner) * len(runner.train_dataloader)
        head = self._head(runner)
        head.targeted = since_begin >= 0
        head.update_centers = head.targeted or self.update_centers_before
        head.assignment_due = head.targeted and since_begin % self.interval == 0
        if since_begin == 0 and self.reset_optimizer:
            runner.optim_wrapper.optimizer.state.clear()

    @staticmethod
    def _head(runner: Runner) -> ClassTargetsMixin:
        model = unwrapped(runner.model)
        head = getattr(model, 'head', None)
        if not isinstance(head, ClassTargetsMixin):
            raise UserError(
                f'TargetAssignmentHook needs a head with targets, not {type(head).__name__}: use ltcl.TSCHead or '
                'ltcl.InBatchTSCHead, or take the hook away with default_hooks.target_assignment=None'
            )
        return head
