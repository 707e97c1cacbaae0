"""Several methods over several seeds: mean and spread as a table, a CSV file and a picture."""

import json
import math
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UserError
from ..files import atomic_file
from ..neutral_text import csv_text, markdown_cell
from .figure_names import figure_names
from .run_report import METRICS_FILE, how_tested, split_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

COLUMNS = ('all', 'macro', 'many', 'medium', 'few', 'worst_class')
VALIDATION, TEST = 'images of the last validation', 'test images'


def read_run(folder: Path, is_trained: bool = True) -> dict | None:
    """Figures of a run: of the test after its training where there was one, else of its last and best validation.

    A later test of other images, of another checkpoint, for a class mix that was named or with ``--tta`` is not it.

    Args:
        folder: Work dir of the run.
        is_trained: False for a run that is a test alone, which counts as the best as well.

    Returns:
        Scores in % under the names of ``COLUMNS`` (``all`` is the mean IoU of a segmentation), ``best_all`` (of the
        best validation, None beside a test), ``done`` (epochs or iterations, None of a test alone), ``minutes`` of
        training, ``scored_on`` (which images, in words); None if the run left no report.

    Raises:
        UserError: No metric by shot group measured the run.
    """
    training, test = (_report(folder / f'{prefix}{METRICS_FILE}') for prefix in ('', 'test_'))
    last = training if is_trained else test
    if last is None:
        return None
    is_tested = is_trained and test is not None and is_own_test(test, folder) and _written(test) >= _written(last)
    shown = test if is_tested and test is not None else last
    figures, best = _scores(shown, 'last'), _scores(last, 'best')
    if 'all' not in figures:
        raise UserError(
            f'{folder} has no figures by shot group: add ltcl.ShotAccuracy to val_evaluator and test_evaluator of its '
            'config, and remove that folder'
        )
    return {
        **figures,
        'best_all': None if is_tested else (best or figures)['all'],
        'done': last['last'].get(last['unit']),
        'minutes': last['seconds']['training'] / 60,
        'scored_on': TEST if split_of(shown) == 'test' else VALIDATION,
    }


def is_own_test(report: dict, folder: Path) -> bool:
    """Whether a test is that of a run: of its test images, with the checkpoint it is used by, and without options."""
    from ltcl.checkpoints.choosing import checkpoint_of

    if split_of(report) != 'test' or how_tested(report):
        return False
    try:
        return report.get('checkpoint') is None or Path(report['checkpoint']).name == checkpoint_of(folder).name
    except UserError:  # its checkpoints were removed, which makes its test no other
        return True


def _report(path: Path) -> dict | None:
    report = json.loads(path.read_text(encoding='utf-8')) if path.is_file() else {}
    return report if report.get('last') else None


def _written(report: dict) -> datetime:
    return datetime.fromisoformat(report['written'])


def _scores(report: dict, entry: str) -> dict[str, float]:
    prefix, metrics = report['shot_prefix'], (report[entry] or {}).get('metrics', {})
    keys = {name: f'{prefix}/{name}' for name in COLUMNS} | {'all': f'{prefix}/{report.get("overall", "all")}'}
    return {name: metrics[key] for name, key in keys.items() if key in metrics}


def summarise(runs: 'pd.DataFrame') -> 'pd.DataFrame':
    """Mean and sample standard deviation over seeds of each method, methods in the order they come in.

    Args:
        runs: One row a run with the columns ``method``, ``seed`` and those of :func:`read_run`.

    Returns:
        Index ``method``; columns with two levels, the figure and ``mean`` or ``std``, and ``seeds``, their number.
    """
    figures = [name for name in (*COLUMNS, 'best_all', 'minutes') if name in runs and runs[name].notna().any()]
    groups = runs.groupby('method', sort=False)
    summary = groups[figures].agg(['mean', 'std'])
    summary['seeds'] = groups.size()
    return summary


def to_csv(runs: 'pd.DataFrame') -> str:
    """All figures of all runs as a CSV file; what a run lacks is an empty cell."""
    return csv_text(list(runs), runs.astype(object).where(runs.notna(), None).to_numpy())


def to_markdown(summary: 'pd.DataFrame') -> str:
    """The summary as a Markdown table, ``mean ± standard deviation`` in each cell."""
    figures = [name for name in summary.columns.get_level_values(0).unique() if name != 'seeds']
    titles = {'worst_class': 'worst class', 'best_all': 'all, best epoch', 'minutes': 'training minutes'}
    header = ['method', *(titles.get(name, name) for name in figures), 'seeds']
    lines = ['| ' + ' | '.join(header) + ' |', '| ' + ' | '.join(['---'] * len(header)) + ' |']
    for method, row in summary.iterrows():
        cells = [_cell(row[name, 'mean'], row[name, 'std']) for name in figures]
        lines.append('| ' + ' | '.join([markdown_cell(method), *cells, str(int(row['seeds'].item()))]) + ' |')
    return '\n'.join(lines) + '\n'


def _cell(mean: float, spread: float) -> str:
    """One seed has no spread."""
    if math.isnan(mean):
        return ''
    return f'{mean:.1f}' if math.isnan(spread) else f'{mean:.1f} ± {spread:.1f}'


def draw(summary: 'pd.DataFrame', path: Path, scored_on: str = VALIDATION) -> None:
    """Write :func:`comparison_figure` to a PNG file."""
    with atomic_file(path) as file:
        comparison_figure(summary, scored_on).savefig(file, format='png', dpi=150)


def comparison_figure(summary: 'pd.DataFrame', scored_on: str = VALIDATION) -> 'Figure':
    """The accuracy of each method in each shot group, with the spread over seeds.

    Args:
        summary: From :func:`summarise`.
        scored_on: Which images the figures are of.
    """
    import matplotlib
    import numpy as np
    from matplotlib.figure import Figure

    groups = [name for name in ('all', 'many', 'medium', 'few') if name in summary.columns.get_level_values(0)]
    width = 0.8 / len(summary)
    names = figure_names(list(summary.index), range(1, len(summary) + 1), word='method', where='row in comparison.md')
    figure = Figure(figsize=(max(8, len(summary)), 4.5), layout='constrained')
    axes = figure.subplots()
    bars = []
    palette: Any = matplotlib.colormaps['tab10' if len(summary) <= 10 else 'tab20']
    for position, (_, row) in enumerate(summary.iterrows()):
        middle = np.arange(len(groups)) + (position - (len(summary) - 1) / 2) * width
        means, spreads = ([row[name, what] for name in groups] for what in ('mean', 'std'))
        style = dict(color=palette.colors[position % palette.N], error_kw=dict(lw=1, capsize=2))
        bars.append(axes.bar(middle, means, width * 0.92, yerr=spreads, **style))
    axes.set_xticks(range(len(groups)), groups)
    axes.set_ylabel(f'on the {scored_on} (%)')
    axes.spines[['top', 'right']].set_visible(False)
    axes.grid(axis='y', alpha=0.3)
    axes.set_axisbelow(True)
    axes.set_ylim(bottom=max(0, 10 * (summary.xs('mean', axis=1, level=1)[groups].to_numpy().min() // 10 - 1)))
    names.draw_legend(figure, bars, 'outside upper center')
    return figure
