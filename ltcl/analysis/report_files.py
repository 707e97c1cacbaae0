"""The files of a report: ``metrics.json``, ``per_class.csv`` and two pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from ..files import atomic_file, write_atomic
from ..neutral_text import csv_text
from .run_record import columns_of
from .run_report import METRICS_FILE, images_tested

if TYPE_CHECKING:
    from .training_figure import TrainingCurves


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
    from .per_class_figure import per_class_figure
    from .training_figure import training_figure

    figures = {}
    if report['per_class']:
        columns = columns_of(report['per_class'])
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
