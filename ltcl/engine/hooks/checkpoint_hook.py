"""Checkpoints of which one is always whole."""

import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ltcl.checkpoints.finding import best_files
from ltcl.checkpoints.run_state import VALIDATED_KEY
from ltcl.engine.agreement import any_process
from ltcl.engine.saving import LostCheckpoint, add_checkpoint, keep_newest
from ltcl.errors import UserError
from ltcl.files import atomic_file
from ltcl.registry import HOOKS

BETTER = {'greater': float.__gt__, 'less': float.__lt__}


@HOOKS.register_module()
class CheckpointHook(Hook):
    """Saves the run at intervals and the best weights, so that a stop at any moment leaves a whole checkpoint.

    A file takes its name when all of it is on the disk; then ``last_checkpoint``, which names it, is moved the same
    way; then older ones are removed. After a validation the checkpoint is written once more, with its result. A run
    that is resumed in another work dir takes its best weights along; where they are gone, it says so and keeps the best
    from there on.

    A checkpoint that cannot be written (a full disk) is an error in the log and ends no training: the next one is
    tried as ever. If the last of the training cannot be written either, the run ends with status 3.

    Differs from mmengine's hook of this name: nothing is removed before its successor is there; a file is never seen
    half-written; a score that is not finite is never the best.

    Args:
        interval: Epochs or iterations from one checkpoint to the next; -1 is only the last.
        by_epoch: Whether the interval counts epochs.
        max_keep_ckpts: Checkpoints to keep, the newest; -1 keeps all. 1 suffices against a kill at any moment; 2 also
            against a damaged file.
        save_last: Save the end of the training, whatever the interval is.
        save_best: A metric, or several: the weights of the validation with the best value are kept as well.
        rule: ``'greater'`` or ``'less'``: which value is better. None: less of a loss, greater of anything else.
        save_begin: Epoch or iteration to begin at.

    Raises:
        UserError: An option outside its range, or ``save_best`` names no metric of the validation.
    """

    priority = 'VERY_LOW'

    def __init__(
        self,
        interval: int = 1,
        by_epoch: bool = True,
        max_keep_ckpts: int = 2,
        save_last: bool = True,
        save_best: str | Sequence[str] | None = None,
        rule: str | None = None,
        save_begin: int = 0,
    ) -> None:
        if interval < 1 and interval != -1:
            raise UserError(f'interval of CheckpointHook must be at least 1, or -1 for the end only, got {interval}')
        if max_keep_ckpts < 1 and max_keep_ckpts != -1:
            raise UserError(f'max_keep_ckpts of CheckpointHook must be at least 1, or -1 for all, got {max_keep_ckpts}')
        if rule not in (None, *BETTER):
            raise UserError(f'rule of CheckpointHook must be greater, less or None, got {rule!r}')
        if save_begin < 0:
            raise UserError(f'save_begin of CheckpointHook must not be negative, got {save_begin}')
        self.interval = interval
        self.by_epoch = by_epoch
        self.unit = 'epoch' if by_epoch else 'iter'
        self.max_keep_ckpts = max_keep_ckpts
        self.save_last = save_last
        self.metrics = [save_best] if isinstance(save_best, str) else list(save_best or ())
        self.rule = rule
        self.save_begin = save_begin
        self._last: tuple[str, dict] | None = None
        self._is_written = True
        self._saved_iter = 0

    def before_train(self, runner: Runner) -> None:
        """Begin to note which validation was finished; a resumed run goes on with the checkpoints it came from."""
        if runner.iter:
            self._last = self._named(runner.epoch, runner.iter)
        if VALIDATED_KEY not in runner.message_hub.runtime_info:
            runner.message_hub.update_info(VALIDATED_KEY, runner.iter)
        for metric in self.metrics:
            self._take_best(runner, metric)

    def after_train_epoch(self, runner: Runner) -> None:
        """Save after an epoch."""
        if self.by_epoch:
            is_due = self.every_n_epochs(runner, self.interval, self.save_begin)
            if is_due or (self.save_last and self.is_last_train_epoch(runner)):
                self._save(runner, runner.epoch + 1, runner.iter)

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Save after an iteration."""
        if not self.by_epoch:
            is_due = self.every_n_train_iters(runner, self.interval, self.save_begin)
            if is_due or (self.save_last and self.is_last_train_iter(runner)):
                self._save(runner, runner.epoch, runner.iter + 1)

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Keep the best weights, and note in the checkpoint that this validation is done."""
        runner.message_hub.update_info(VALIDATED_KEY, runner.iter)
        replaced = [path for metric in self.metrics for path in self._keep_best(runner, metric, metrics or {})]
        if self._last is not None and self._last[1]['iter'] == runner.iter:
            self._write_last(runner)
        for path in replaced:
            path.unlink(missing_ok=True)

    def after_train(self, runner: Runner) -> None:
        """Save the end of a training that ended early; try again to write a checkpoint that could not be written.

        Raises:
            LostCheckpoint: It still cannot; ends the run with a status of its own.
        """
        # A validation ends a training (PatienceHook) after the moment at which an epoch or iteration is saved.
        if self.save_last and (self._last is None or self._last[1]['iter'] < runner.iter):
            self._save(runner, runner.epoch, runner.iter)
        elif any_process(not self._is_written):
            self._write_last(runner)
        # One without the result of its last validation is no loss: a resume does that validation again.
        if any_process(not self._is_written and self._saved_iter < runner.iter):
            if is_main_process():
                runner.logger.error(
                    f'the end of this training is in no checkpoint of {runner.work_dir}: make room, and --resume goes '
                    'on from the newest one that was written'
                )
            raise LostCheckpoint

    def rule_of(self, metric: str) -> str:
        """``'greater'`` or ``'less'``: which value of a metric is better."""
        return self.rule or ('less' if 'loss' in metric.lower() else 'greater')

    def _is_better(self, metric: str, score: float, best: float) -> bool:
        return BETTER[self.rule_of(metric)](score, float(best))

    def _save(self, runner: Runner, epoch: int, iteration: int) -> None:
        self._last = self._named(epoch, iteration)
        self._write_last(runner)

    def _named(self, epoch: int, iteration: int) -> tuple[str, dict]:
        number = epoch if self.by_epoch else iteration
        return f'{self.unit}_{number}.pth', dict(epoch=epoch, iter=iteration)

    def _write_last(self, runner: Runner) -> None:
        assert self._last is not None
        name, meta = self._last
        self._is_written = add_checkpoint(runner, name, meta, otherwise='the training goes on and tries again')
        if self._is_written and is_main_process():
            self._saved_iter = meta['iter']
            keep_newest(runner.work_dir, name, self.max_keep_ckpts)

    def _take_best(self, runner: Runner, metric: str) -> None:
        """Take along the best weights of the run that is resumed; without them, the best from here on are the best."""
        known, suffix = runner.message_hub.runtime_info, self._suffix(metric)
        best = known.get(f'best_ckpt{suffix}')
        if best is not None and any_process(is_main_process() and not _is_taken(runner, Path(best).name)):
            for entry in ('best_ckpt', 'best_score'):
                known.pop(f'{entry}{suffix}', None)

    def _suffix(self, metric: str) -> str:
        return '' if len(self.metrics) == 1 else f'_{metric}'

    def _keep_best(self, runner: Runner, metric: str, metrics: Mapping[str, float]) -> list[Path]:
        """Write the weights if they are the best so far; the files that they replace."""
        if metric not in metrics:
            raise UserError(
                f'save_best={metric!r} of CheckpointHook is no figure of the validation: it has {", ".join(metrics)}'
            )
        suffix = self._suffix(metric)
        hub, score = runner.message_hub, float(metrics[metric])
        best = hub.runtime_info.get(f'best_score{suffix}')
        if not math.isfinite(score) or (best is not None and not self._is_better(metric, score, best)):
            return []
        label = metric.replace('/', '_')
        name = f'best_{label}_{self.unit}_{runner.epoch if self.by_epoch else runner.iter}.pth'
        meta = dict(epoch=runner.epoch, iter=runner.iter)
        if not add_checkpoint(runner, name, meta, weights_only=True):
            return []
        hub.update_info(f'best_score{suffix}', score)
        hub.update_info(f'best_ckpt{suffix}', name)
        runner.logger.info(f'The best {metric} so far, {score:0.4f}, is that of {name}')
        return [path for path in best_files(runner.work_dir, label) if path.name != name] if is_main_process() else []


def _is_taken(runner: Runner, name: str) -> bool:
    """Copy the best weights from beside the resumed checkpoint, unless they are there; whether they then are."""
    path = Path(runner.work_dir, name)
    if path.is_file():
        return True
    source = Path(runner._load_from or path).with_name(name)
    try:
        with source.open('rb') as old, atomic_file(path) as new:
            shutil.copyfileobj(old, new)
    except OSError as error:
        runner.logger.warning(
            f'The best weights so far are lost, {error.filename}: {error.strerror or error}. Those of the best '
            'validation from here on are kept'
        )
        return False
    runner.logger.info(f'The best weights so far, {source}, are now in {path} as well')
    return True
