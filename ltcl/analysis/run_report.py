"""What a finished run leaves behind: ``metrics.json``, ``per_class.csv``, two pictures and a table on the terminal.

Every value is plain Python (no array, no tensor): a record is kept in checkpoints and written as JSON.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..files import atomic_file, write_atomic
from ..neutral_text import csv_text, visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from .run_figures import TrainingCurves

METRICS_FILE = 'metrics.json'
GROUPS = ('many', 'medium', 'few')
MAX_NAME = 40
# Of a test: what the same scores say for other class mixes.
MIX_FIGURES = {'all_natural': 'all, for the natural class mix', 'macro_balanced': 'macro, for the balanced class mix'}


@dataclass
class RunRecord:
    """What is measured while a run goes on and must survive a resume.

    Attributes:
        run: Name of the run, the same before and after a resume.
        history: Validations in order: ``{'epoch': int, 'iter': int, 'metrics': {name: float}}``.
        per_class: Columns of the last validation, see :func:`per_class_columns`.
        best_iter: ``iter`` of the best validation whose class scores are in ``best_scores``.
        best_scores: Class scores of that validation, percent.
        training_seconds: Time spent training, without validation.
        total_seconds: Time from the start of the run, with validation and without the time it was stopped.
    """

    run: str
    history: list[dict] = field(default_factory=list)
    per_class: dict[str, list] | None = None
    best_iter: int | None = None
    best_scores: list[float | None] | None = None
    training_seconds: float = 0.0
    total_seconds: float = 0.0

    @classmethod
    def restore(cls, saved: dict) -> RunRecord:
        """The record of a checkpoint; what another version of ltcl wrote beside is left out."""
        return cls(**{each.name: saved[each.name] for each in fields(cls) if each.name in saved})

    def add(self, entry: dict, per_class: dict[str, list] | None, best_by: str, score: str) -> None:
        """Take a validation; those from the same iteration on were of a run that was cut off, and are done anew.

        Args:
            entry: As in :attr:`history`.
            per_class: Its columns; None if no metric gives any.
            best_by: Metric that decides which validation is the best; greater is better.
            score: Name of the column of scores.
        """
        self.history = [*(each for each in self.history if each['iter'] < entry['iter']), entry]
        self.per_class = per_class
        if per_class is not None and best_entry(self.history, best_by) is entry:
            self.best_iter, self.best_scores = entry['iter'], per_class[score]

    def catch_up(self, report: dict, max_iter: int) -> None:
        """Add validations that a report knows and the resumed checkpoint does not.

        A checkpoint is written before the validation of its epoch, so a resumed run would lack that one.

        Args:
            report: Content of a ``metrics.json``; ignored if it is of another run.
            max_iter: Iteration from which the run goes on. Later validations are void.
        """
        if report.get('run') != self.run:
            return
        known = {entry['iter'] for entry in self.history}
        missing = [e for e in report['history'] if e['iter'] not in known and e['iter'] <= max_iter]
        if not missing:
            return
        self.history = sorted(self.history + missing, key=lambda entry: entry['iter'])
        rows = report['per_class']
        if rows and report['last']['iter'] == self.history[-1]['iter']:
            columns = _columns(rows)
            if (best := f'best_{report.get("score", "accuracy")}') in columns:
                self.best_iter, self.best_scores = report['best']['iter'], columns.pop(best)
            self.per_class = columns


def best_entry(history: Sequence[dict], best_by: str | None) -> dict | None:
    """The validation with the greatest finite value of a metric, the earliest of equals; None if none has one."""
    entries = [entry for entry in history if math.isfinite(entry['metrics'].get(best_by, math.nan))]
    return max(entries, key=lambda entry: entry['metrics'][best_by], default=None)


def per_class_columns(per_class: dict[str, np.ndarray]) -> dict[str, list]:
    """Arrays of a metric's ``per_class`` as lists that JSON can hold; NaN becomes None."""

    def plain(values: np.ndarray) -> list:
        if values.dtype.kind != 'f':
            return values.tolist()
        return [None if math.isnan(value) else round(value, 6) for value in values.tolist()]

    return {name: plain(values) for name, values in per_class.items()}


def build_report(
    record: RunRecord,
    unit: str,
    best_by: str | None,
    shot_prefix: str,
    score: str,
    overall: str,
    bounds: tuple[int, int],
    counted: str = 'images',
    **about: Any,
) -> dict:
    """Everything that ``metrics.json`` holds. Scores are percentages.

    Args:
        record: What was measured.
        unit: What a validation is named by: ``epoch`` or ``iter``; ``test`` for the only entry of a test.
        best_by: Metric that decides which validation is the best; None for a test.
        shot_prefix: Prefix of the metric by shot group.
        score: What each class has, and its column: ``accuracy`` or ``IoU``.
        overall: Key of the figure over all classes, without prefix.
        bounds: Smallest and largest training count of a medium-shot class.
        counted: What the training counts are of, ``images`` or ``pixels``.
        about: Seed, commit, configuration and the like, written as they are.

    Returns:
        ``last`` and ``best`` (one entry of the history each, or None), ``per_class`` (one dict a class), ``history``,
        ``seconds`` and the rest.
    """
    last, best = (record.history[-1] if record.history else None), best_entry(record.history, best_by)
    columns: dict[str, Any] = dict(record.per_class or {})
    if columns and best is not None and best['iter'] == record.best_iter:
        columns[f'best_{score}'] = record.best_scores
    return {
        'run': record.run,
        'unit': unit,
        'last': last,
        'best': best,
        'best_by': best_by,
        'shot_prefix': shot_prefix,
        'score': score,
        'overall': overall,
        'bounds': list(bounds),
        'counted': counted,
        'seconds': {'training': round(record.training_seconds, 1), 'total': round(record.total_seconds, 1)},
        **about,
        'per_class': [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)],
        'history': record.history,
    }


def git_state(folder: Path) -> dict[str, str | bool | None]:
    """Commit of the repository whose root is the folder, and whether its tracked files differ from it.

    Returns:
        ``commit`` and ``uncommitted_changes``, both None if the folder is no repository's root or git is absent.
    """
    try:
        top, commit = _git(folder, 'rev-parse', '--show-toplevel', 'HEAD').splitlines()
        # An installed package lies in a virtual environment, often inside of a foreign repository.
        if Path(top).resolve() == folder.resolve():
            changed = bool(_git(folder, 'status', '--porcelain', '--untracked-files=no'))
            return {'commit': commit, 'uncommitted_changes': changed}
    except (OSError, subprocess.SubprocessError):
        pass
    return {'commit': None, 'uncommitted_changes': None}


def write_report(report: dict, work_dir: Path, file_prefix: str = '') -> list[Path]:
    """Write ``metrics.json`` and, if there are class scores, ``per_class.csv``.

    Args:
        report: From :func:`build_report`.
        work_dir: Folder of the run.
        file_prefix: Put before both file names.

    Returns:
        The files, each replaced in one step: a reader never sees half of one.
    """
    files = [work_dir / f'{file_prefix}{METRICS_FILE}']
    write_atomic(files[0], json.dumps(report, indent=2) + '\n')
    if report['per_class']:
        rows = report['per_class']
        text = csv_text(list(rows[0]), [row.values() for row in rows])
        files.append(work_dir / f'{file_prefix}per_class.csv')
        write_atomic(files[-1], text)
    return files


def draw_report(
    report: dict, work_dir: Path, file_prefix: str = '', curves: TrainingCurves | None = None
) -> list[Path]:
    """Draw ``per_class.png`` if there are class scores and ``training_curves.png`` if there are curves.

    Args:
        report: From :func:`build_report`.
        work_dir: Folder of the run.
        file_prefix: Put before both file names.
        curves: Values of the training iterations.

    Returns:
        The pictures that were drawn.
    """
    from .run_figures import per_class_figure, training_figure

    figures = {}
    if report['per_class']:
        columns = _columns(report['per_class'])
        figures['per_class.png'] = per_class_figure(
            columns, tuple(report['bounds']), report['score'], report['counted'], images_tested(report)
        )
    if curves is not None:
        names = {key: report[key] for key in ('shot_prefix', 'score', 'overall')}
        figures['training_curves.png'] = training_figure(
            curves, report['history'], **names, images=images_tested(report)
        )
    files = []
    for name, figure in figures.items():
        files.append(work_dir / f'{file_prefix}{name}')
        with atomic_file(files[-1]) as file:
            figure.savefig(file, format='png')
    return files


def print_report(report: dict, files: Sequence[Path], console: Console | None = None) -> None:
    """Print the table and where the files are.

    Args:
        report: From :func:`build_report`.
        files: What was written, all in one folder.
        console: Where to print; None: standard output, plain text if it is no terminal.
    """
    from rich.console import Console

    console = console or Console()
    if report['last'] is not None:
        console.print(_table(report))
        if report['best'] is not None:
            remark = f'The best {report["unit"]} is chosen on the images it is scored on: quote the last one.'
            console.print(remark, soft_wrap=True, highlight=False)
    if files:
        names = ', '.join(path.name for path in files)
        line = visible(f'Report in {files[0].parent}: {names}')
        console.print(line, soft_wrap=True, markup=False, highlight=False)


def _table(report: dict) -> Table:
    from rich.table import Table
    from rich.text import Text

    unit, last, best, score = report['unit'], report['last'], report['best'], report['score']
    # Each entry with the per-class column that belongs to it.
    entries = {unit if unit == 'test' else f'last {unit} ({last[unit]})': (last, score)}
    if best is not None:
        entries[f'best {unit} ({best[unit]})'] = (best, f'best_{score}')
    title = f'{score[0].upper() + score[1:]} (%) on {images_tested(report)}'
    table = Table(title=title, title_justify='left')
    table.add_column('')
    for title in entries:
        table.add_column(title, justify='right')
    for label, cells in _table_rows(report, list(entries.values())):
        table.add_row(Text(label), *map(Text, cells))
    return table


def group_rules(bounds: Sequence[int], counted: str) -> dict[str, str]:
    """What makes a class many-, medium- or few-shot, in words.

    Args:
        bounds: Smallest and largest training count of a medium-shot class.
        counted: What the training counts are of, ``images`` or ``pixels``.
    """
    low, high = (f'{bound:,}' for bound in bounds)
    return {'many': f'> {high} {counted}', 'medium': f'{low}-{high} {counted}', 'few': f'< {low} {counted}'}


def _table_rows(report: dict, entries: list[tuple[dict, str]]) -> list[tuple[str, list[str]]]:
    prefix, per_class, overall = report['shot_prefix'], report['per_class'], report['overall']
    if not any(f'{prefix}/{overall}' in entry['metrics'] for entry, _ in entries):
        names = dict.fromkeys(name for entry, _ in entries for name in entry['metrics'])
        return [(name, [_cell(entry['metrics'].get(name)) for entry, _ in entries]) for name in names]

    rules = group_rules(report['bounds'], report['counted'])
    rows = [(overall, [_cell(entry['metrics'].get(f'{prefix}/{overall}')) for entry, _ in entries])]
    if any(extents := [entry['metrics'].get(f'{prefix}/{overall}_classes') for entry, _ in entries]):
        cells = ['' if extent is None else f'{extent:.0f} of {len(per_class)}' for extent in extents]
        rows.append((f'{overall} is over classes', cells))
    macro = [_cell(entry['metrics'].get(f'{prefix}/macro')) for entry, _ in entries]
    if any(macro):
        rows.append(('macro (mean over classes)', macro))
    for group in GROUPS:
        size = sum(row['group'] == group and row[report['score']] is not None for row in per_class)
        cells = [_cell(entry['metrics'].get(f'{prefix}/{group}')) for entry, _ in entries]
        if any(cells):
            rows.append((f'{group} ({rules[group]}, {size} class{"es" if size != 1 else ""})', cells))
    for name, title in MIX_FIGURES.items():
        cells = [_cell(entry['metrics'].get(f'{prefix}/{name}')) for entry, _ in entries]
        if any(cells):
            rows.append((title, cells))
    rows.append(('worst class', [_worst_cell(entry, column, report) for entry, column in entries]))
    return rows


def _columns(rows: list[dict]) -> dict[str, list]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def _cell(value: float | None) -> str:
    return '' if value is None else f'{value:.2f}'


def _worst_cell(entry: dict, column: str, report: dict) -> str:
    value = _cell(entry['metrics'].get(f'{report["shot_prefix"]}/worst_class'))
    tested = [row for row in report['per_class'] if row.get(column) is not None]
    worst = min(tested, key=lambda row: row[column], default=None)
    if worst is None:
        return value
    equals = sum(row[column] == worst[column] for row in tested)
    if equals > 1:
        return f'{equals} of {len(tested)} classes at {value}'
    return f'{visible(worst["class_name"], width=MAX_NAME)} {value}'


def images_tested(report: dict) -> str:
    """Which images the scores are of and how many, such as ``1,768 test images``.

    Args:
        report: From :func:`build_report`.
    """
    part = 'test' if report['unit'] == 'test' else 'validation'
    counts = [row['test_count'] for row in report['per_class'] if row.get('test_count') is not None]
    # The same image has many classes where pixels are counted.
    is_known = counts and report['counted'] == 'images'
    return f'{sum(counts):,} {part} images' if is_known else f'the {part} images'


def _git(folder: Path, *args: str) -> str:
    command = ['git', '-C', str(folder), *args]
    return os.fsdecode(subprocess.run(command, capture_output=True, timeout=5, check=True).stdout).strip()
