"""The report at the end of a run."""

import contextlib
import json
import math
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import BaseLoop, EpochBasedTrainLoop, Runner

import ltcl
from ltcl.analysis.git_state import git_state
from ltcl.analysis.report_files import draw_report, write_report
from ltcl.analysis.report_table import print_report
from ltcl.analysis.run_figures import TrainingCurves
from ltcl.analysis.run_record import RunRecord, per_class_columns
from ltcl.analysis.run_report import METRICS_FILE, build_report
from ltcl.datasets.set_fingerprint import describe_set
from ltcl.evaluation import ShotAccuracy, ShotMetricMixin
from ltcl.evaluation.functional.shot import DEFAULT_BOUNDS
from ltcl.registry import HOOKS

from ..kept_answers import keep_answers, take_answers
from ..run_logs import warn_only
from .checkpoint_hook import CheckpointHook
from .prior_hook import PriorHook

RECORD_KEY = 'ltcl/run_record'
PROJECT_ROOT = Path(ltcl.__file__).resolve().parents[1]


@HOOKS.register_module()
class RunReportHook(Hook):
    """Leaves ``metrics.json``, ``per_class.csv``, two pictures and the page ``report.html``, and prints a table.

    The two data files are written after every validation, so that a stopped run keeps its figures; pictures and table
    come at the end. The figures of a test have ``test_`` before each file name and never replace those of a training.
    A resumed run goes on with the history and the times of the run it continues. What goes wrong while writing or
    drawing is logged as a warning and ends no run.

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
        if is_main_process():
            for report in _earlier_reports(runner) if saved else ():
                self._record.catch_up(report, max_iter=runner.iter)
            self._about = _describe_run(runner, train=runner.train_loop, val=runner.val_loop)
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
        """Have the answers of the last validation kept."""
        if self._record is not None and runner.iter >= runner.max_iters:
            keep_answers(runner, runner.val_loop, 'val')

    def after_val_epoch(self, runner: Runner, metrics: dict[str, Any] | None = None) -> None:
        """Record the validation and write the data files."""
        if self._record is None:
            return
        take_answers(runner, runner.val_loop)
        shot = _find_shot_metric(runner.val_loop)
        entry = {'epoch': runner.epoch, 'iter': runner.iter, 'metrics': _scalars(metrics)}
        self._record.add(entry, _per_class(shot), self._best_key(shot), _shot_settings(shot)['score'])
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
            _publish(runner, self._report(runner), self.with_table, curves=_training_curves(runner))

    def after_run(self, runner: Runner) -> None:
        """Write the report of a finished training that was stopped before it could, when it is resumed."""
        is_finished = self._record is None and runner._resume and RECORD_KEY in runner.message_hub.runtime_info
        if is_finished and not Path(runner.work_dir, METRICS_FILE).exists():
            self.before_train(runner)
            self.after_train(runner)

    def before_test(self, runner: Runner) -> None:
        """Start the clock of a test, and have its answers kept."""
        self._clock = time.perf_counter()
        keep_answers(runner, runner.test_loop, self._split(runner))

    def after_test_epoch(self, runner: Runner, metrics: dict[str, Any] | None = None) -> None:
        """Write, draw and print the figures of a test."""
        predictions = take_answers(runner, runner.test_loop)
        if not is_main_process():
            return
        shot = _find_shot_metric(runner.test_loop)
        record = RunRecord(
            run=runner.timestamp,
            history=[{'epoch': None, 'iter': None, 'metrics': _scalars(metrics)}],
            per_class=_per_class(shot),
            total_seconds=time.perf_counter() - self._clock,
        )
        checkpoint = str(runner._load_from) if runner._load_from else None
        calibration = next((hook.calibration for hook in runner.hooks if isinstance(hook, PriorHook)), None)
        how = {'calibration': str(calibration)} if calibration is not None else {}
        about = {
            'checkpoint': checkpoint,
            'split': self._split(runner),
            **how,
            **_describe_run(runner, test=runner.test_loop),
        }
        report = build_report(record, unit='test', best_by=None, **_shot_settings(shot), **about)
        _publish(runner, report, self.with_table, 'test_', predictions)

    def _split(self, runner: Runner) -> str:
        only = getattr(runner.test_loop.dataloader.dataset, 'measured_split', self.tested)
        return only if self.tested == 'test' else self.tested

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
        shot = _find_shot_metric(runner.val_loop)
        unit = 'epoch' if isinstance(runner.train_loop, EpochBasedTrainLoop) else 'iter'
        return build_report(
            self._record, unit=unit, best_by=self._best_key(shot), **_shot_settings(shot), **self._about
        )


def _publish(
    runner: Runner,
    report: dict,
    with_table: bool,
    file_prefix: str = '',
    predictions: Path | None = None,
    curves: TrainingCurves | None = None,
) -> None:
    """Write, draw and print, each whatever became of the one before."""
    work_dir, files = Path(runner.work_dir), []
    with warn_only(runner, 'The report could not be written'):
        files += write_report(report, work_dir, file_prefix)
    with warn_only(runner, 'The pictures of the report could not be drawn'):
        files += draw_report(report, work_dir, file_prefix, curves)
    with warn_only(runner, 'The page of the report could not be written'):
        # A second of imports, which the start of a training need not pay for.
        from ltcl.report.page import PAGE_FILE, write_page
        from ltcl.report.run_files import read_run

        write_page([read_run(work_dir, predictions)], work_dir / PAGE_FILE)
        files.append(work_dir / PAGE_FILE)
    with warn_only(runner, 'The report could not be printed'):
        if with_table:
            print_report(report, files)


def _find_shot_metric(loop: BaseLoop | None) -> ShotMetricMixin | None:
    metrics = getattr(getattr(loop, 'evaluator', None), 'metrics', [])
    return next((metric for metric in metrics if isinstance(metric, ShotMetricMixin)), None)


def _saved_best(runner: Runner) -> str | None:
    """The metric by which the best checkpoint is chosen; None if there is none, or several."""
    hooks = [hook for hook in runner.hooks if isinstance(hook, CheckpointHook)]
    chosen = [metric for hook in hooks if hook.rule == 'greater' for metric in hook.metrics]
    return chosen[0] if len(chosen) == 1 else None


def _shot_settings(shot: ShotMetricMixin | None) -> dict[str, Any]:
    prefix, bounds = (ShotAccuracy.default_prefix, DEFAULT_BOUNDS) if shot is None else (shot.prefix, shot.bounds)
    metric = shot or ShotAccuracy
    names = {name: getattr(metric, name) for name in ('score', 'overall', 'counted')}
    return {'shot_prefix': prefix, 'bounds': bounds, **names}


def _per_class(shot: ShotMetricMixin | None) -> dict[str, list] | None:
    return per_class_columns(shot.per_class) if shot is not None and shot.per_class is not None else None


def _scalars(metrics: dict[str, Any] | None) -> dict[str, float]:
    """The finite numbers among the metrics; curves and matrices have no place in a table, NaN none in JSON."""
    numbers = {name: value for name, value in (metrics or {}).items() if not isinstance(value, str)}
    tensors = {name: torch.as_tensor(value, dtype=torch.float64) for name, value in numbers.items()}
    single = {name: value.item() for name, value in tensors.items() if value.numel() == 1}
    return {name: round(value, 6) for name, value in single.items() if math.isfinite(value)}


def _training_curves(runner: Runner) -> TrainingCurves:
    logged = {name.removeprefix('train/'): buffer.data[0] for name, buffer in runner.message_hub.log_scalars.items()}
    values = {name: logged[name] for name in logged if name in ('loss', 'lr') or 'loss_' in name}
    by_epoch = isinstance(runner.train_loop, EpochBasedTrainLoop)
    return TrainingCurves(values, runner.iter, len(runner.train_dataloader) if by_epoch else None)


def _earlier_reports(runner: Runner) -> Iterator[dict]:
    """Reports that lie where the resumed run wrote: in the work dir or beside its checkpoint."""
    folders = {Path(runner.work_dir).resolve()}
    if runner._load_from:
        folders.add(Path(runner._load_from).resolve().parent)
    for folder in folders:
        with contextlib.suppress(OSError, ValueError):
            yield json.loads((folder / METRICS_FILE).read_text(encoding='utf-8'))


def _describe_run(runner: Runner, **loops: BaseLoop | None) -> dict[str, Any]:
    """Seed, code, data and configuration: what it takes to do the run again."""
    name, text = runner.cfg.filename, ''
    with warn_only(runner, 'The report lacks the configuration'):
        # The runner has dumped it there, unless it came from there; formatting it anew takes a second.
        dumped = Path(runner.work_dir) / (Path(name).name if name else f'{runner.timestamp}.py')
        is_dumped = dumped.exists() and (name is None or dumped.resolve() != Path(name).resolve())
        text = dumped.read_text(encoding='utf-8') if is_dumped else runner.cfg.pretty_text
    if name and Path(name).resolve().is_relative_to(PROJECT_ROOT):
        name = str(Path(name).resolve().relative_to(PROJECT_ROOT))
    return {
        'command': f'{sys.argv[0]} {shlex.join(sys.argv[1:])}',
        'seed': runner.seed,
        **git_state(PROJECT_ROOT),
        'versions': {'ltcl': ltcl.__version__, 'torch': torch.__version__},
        'data': _describe_data(runner, loops),
        'config_file': name,
        'config': text,
    }


def _describe_data(runner: Runner, loops: dict[str, BaseLoop | None]) -> dict[str, dict]:
    found = {}
    with warn_only(runner, 'The report lacks the fingerprint of the data'):
        for name, loop in loops.items():
            if loop is not None:
                found[name] = describe_set(loop.dataloader.dataset)
    return found
