"""The report at the end of a run."""

import os
import time
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import EarlyStoppingHook, Hook
from mmengine.runner import EpochBasedTrainLoop, Runner

from ltcl.analysis.report_files import write_report
from ltcl.analysis.run_record import RunRecord
from ltcl.analysis.run_report import METRICS_FILE, build_report
from ltcl.analysis.tested_files import OWN_TEST, prefix_of_page
from ltcl.evaluation import ShotMetricMixin
from ltcl.registry import HOOKS
from ltcl.report.run_files import PREDICTIONS_FILE
from ltcl.work_dir import name_of_checkpoint

from ..kept_answers import keep_answers, split_under_test, take_answers
from ..recorded_metrics import find_shot_metric, per_class_of, scalars, shot_settings
from ..report_publishing import publish, training_curves
from ..run_description import describe_run, earlier_reports
from ..run_logs import warn_only
from ..unwrapped import is_augmented
from .checkpoint_hook import CheckpointHook
from .prior_hook import PriorHook

RECORD_KEY = 'ltcl/run_record'


@HOOKS.register_module()
class RunReportHook(Hook):
    """Leaves ``metrics.json``, ``per_class.csv``, two pictures and the page ``report.html``, and prints a table.

    The two data files are written after every validation, so that a stopped run keeps its figures; pictures and table
    come at the end. The figures of a test have ``test_`` before each file name and never replace those of a training;
    a test of other images has the name of its set there, also before its page and its predictions, and replaces none of
    the run's own. A resumed run goes on with the history and the times of the run it continues. What goes wrong while
    writing or drawing is logged as a warning and ends no run.

    Names of classes stand in ``metrics.json`` as they are. In ``per_class.csv`` an apostrophe comes before one that a
    spreadsheet would run as a formula (:func:`ltcl.neutral_text.from_csv_cell` takes it off), and control characters
    are escapes such as ``\\x1b``, as on the terminal and in the log. In the picture, a name that no installed font can
    draw is the index of its class, with a note.

    Attributes:
        with_table: Whether the table is printed at the end; False for who prints one of their own.

    Args:
        best_by: Metric that decides which validation is the best; greater is better. None: the one by which the best
            checkpoint is chosen; without that ``all`` of ``ShotAccuracy``, ``mIoU`` of ``ShotIoUMetric``, or
            ``accuracy/top1`` if there is no metric by shot group.
        tested: Which images a test is of: ``'test'``, ``'val'`` or the name of another set. ``'test'`` is ``'val'``
            where the data set says that it has no others, such as :class:`ltcl.datasets.OwnImages`.
    """

    # Before CheckpointHook (VERY_LOW): a checkpoint holds the record up to its own moment.
    priority = 'LOW'

    def __init__(self, best_by: str | None = None, tested: str = 'test') -> None:
        self.best_by = best_by
        self.tested = tested
        self.with_table = True
        self._chosen_by: str | None = None
        self._record: RunRecord | None = None
        self._about: dict[str, Any] = {}
        self._clock = 0.0

    def before_train(self, runner: Runner) -> None:
        """Start a record, or take up that of the resumed run."""
        saved = runner.message_hub.get_info(RECORD_KEY) if runner.iter > 0 else None
        self._record = RunRecord.restore(saved) if saved else RunRecord(run=runner.timestamp)
        # The hub holds the record's own dict, so every checkpoint copies its present values.
        runner.message_hub.update_info(RECORD_KEY, vars(self._record))
        length = len(runner.train_dataloader) if _unit(runner) == 'epoch' else None
        if length is not None:
            self._record.recount(length)
        if is_main_process():
            earlier = list(earlier_reports(runner)) if saved else []
            for report in earlier:
                self._record.catch_up(report, runner.iter, length)
            self._about = describe_run(runner, earlier, train=runner.train_loop, val=runner.val_loop)
        self._chosen_by = _saved_best(runner)
        self._clock = time.perf_counter()

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Count the time of the iteration."""
        self._count_seconds(training=True)

    def before_val(self, runner: Runner) -> None:
        """Count the time since the last iteration."""
        if self._record is not None:  # None: a validation without training
            self._count_seconds(training=True)

    def before_val_epoch(self, runner: Runner) -> None:
        """Have the answers of the last validation kept; each may be the last where a hook can end the training."""
        may_end = runner.iter >= runner.max_iters or any(isinstance(hook, EarlyStoppingHook) for hook in runner.hooks)
        if self._record is not None and may_end:
            unit = _unit(runner)
            last = Path(runner.work_dir, f'{unit}_{getattr(runner, unit)}.pth')  # these weights, not the best ones
            keep_answers(runner, runner.val_loop, 'val', name_of_checkpoint(last), PREDICTIONS_FILE)

    def after_val_epoch(self, runner: Runner, metrics: dict[str, Any] | None = None) -> None:
        """Record the validation and write the data files."""
        if self._record is None:
            return
        take_answers(runner, runner.val_loop)
        shot = find_shot_metric(runner.val_loop)
        entry = {'epoch': runner.epoch, 'iter': runner.iter, 'metrics': scalars(metrics)}
        self._record.add(entry, per_class_of(shot), self._best_key(shot), shot_settings(shot)['score'])
        self._count_seconds(training=False)
        if is_main_process():
            with warn_only(runner, 'The report could not be written'):
                write_report(self._report(runner), Path(runner.work_dir))

    def after_val(self, runner: Runner) -> None:
        """Count the time of the validation."""
        if self._record is not None:
            self._count_seconds(training=False)

    def after_train(self, runner: Runner) -> None:
        """Write the data files, draw the pictures and print the table."""
        self._count_seconds(training=True)
        if is_main_process():
            publish(runner, self._report(runner), self.with_table, curves=training_curves(runner))

    def after_run(self, runner: Runner) -> None:
        """Write the report of a finished training that was stopped before it could, when it is resumed."""
        is_finished = self._record is None and runner._resume and RECORD_KEY in runner.message_hub.runtime_info
        if is_finished and not Path(runner.work_dir, METRICS_FILE).exists():
            self.before_train(runner)
            self.after_train(runner)

    def before_test(self, runner: Runner) -> None:
        """Start the clock of a test, and have its answers kept."""
        self._clock = time.perf_counter()
        name = name_of_checkpoint(runner._load_from) if runner._load_from else Path(runner.work_dir).name
        file = f'{prefix_of_page(self.tested)}{PREDICTIONS_FILE}'
        keep_answers(runner, runner.test_loop, split_under_test(runner.test_loop, self.tested), name, file)

    def after_test_epoch(self, runner: Runner, metrics: dict[str, Any] | None = None) -> None:
        """Write, draw and print the figures of a test."""
        predictions = take_answers(runner, runner.test_loop)
        if not is_main_process():
            return
        shot = find_shot_metric(runner.test_loop)
        record = RunRecord(
            run=runner.timestamp,
            history=[{'epoch': None, 'iter': None, 'metrics': scalars(metrics)}],
            per_class=per_class_of(shot),
            total_seconds=time.perf_counter() - self._clock,
        )
        checkpoint = str(runner._load_from) if runner._load_from else None
        about = {
            'checkpoint': checkpoint,
            'split': split_under_test(runner.test_loop, self.tested),
            'tta': is_augmented(runner.model),
            'predictions_file': predictions and os.path.relpath(predictions, runner.work_dir),
            **next((hook.about for hook in runner.hooks if isinstance(hook, PriorHook)), {}),
            **describe_run(runner, test=runner.test_loop),
        }
        report = build_report(record, unit='test', best_by=None, **shot_settings(shot), **about)
        publish(runner, report, self.with_table, self.tested, predictions)

    def _count_seconds(self, training: bool) -> None:
        now = time.perf_counter()
        seconds, self._clock = now - self._clock, now
        assert self._record is not None
        self._record.total_seconds += seconds
        if training:
            self._record.training_seconds += seconds

    def _best_key(self, shot: ShotMetricMixin | None) -> str:
        default = 'accuracy/top1' if shot is None else f'{shot.prefix}/{shot.overall}'
        return self.best_by or self._chosen_by or default

    def _report(self, runner: Runner) -> dict:
        assert self._record is not None
        shot = find_shot_metric(runner.val_loop)
        about = {**shot_settings(shot), **self._about}
        return build_report(self._record, unit=_unit(runner), best_by=self._best_key(shot), **about)


def tested_images(runner: Runner) -> str:
    """Which images a test is of, by the report hook; those of the run's own test where there is none."""
    return next((hook.tested for hook in runner.hooks if isinstance(hook, RunReportHook)), OWN_TEST)


def _unit(runner: Runner) -> str:
    """What a training is counted in, which its checkpoints are named after."""
    return 'epoch' if isinstance(runner.train_loop, EpochBasedTrainLoop) else 'iter'


def _saved_best(runner: Runner) -> str | None:
    """The metric by whose greatest value the best checkpoint is chosen; None if there is none, or several."""
    hooks = [hook for hook in runner.hooks if isinstance(hook, CheckpointHook)]
    chosen = [metric for hook in hooks for metric in hook.metrics if hook.rule_of(metric) == 'greater']
    return chosen[0] if len(chosen) == 1 else None
