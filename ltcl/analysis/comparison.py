"""Several methods over several seeds: mean and spread as a table, a CSV file and a picture."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..neutral_text import csv_text, markdown_cell
from .figure_names import figure_names
from .run_report import METRICS_FILE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

COLUMNS = ('all', 'macro', 'many', 'medium', 'few', 'worst_class')
VALIDATION, TEST = 'images of the last validation', 'test images'


def read_run(folder: Path, file_prefix: str = '') -> dict | None:
    """Figures of the last and the best validation of a run.

    Args:
        folder: Work dir of the run.
        file_prefix: ``'test_'`` reads the figures of a test, whose only entry counts as the best as well.

    Returns:
        Scores in % under the names of ``COLUMNS`` (last validation; ``all`` is the mean IoU of a segmentation),
        ``best_all`` (best validation), ``done`` (epochs or iterations, None of a test), ``minutes`` of training; None
        if the run left no report.
    """
    path = folder / f'{file_prefix}{METRICS_FILE}'
    if not path.is_file():
        return None
    report = json.loads(path.read_text(encoding='utf-8'))
    if report['last'] is None:
        return None
    prefix = report['shot_prefix']
    last, best = report['last']['metrics'], (report['best'] or report['last'])['metrics']
    keys = {name: f'{prefix}/{name}' for name in COLUMNS} | {'all': f'{prefix}/{report.get("overall", "all")}'}
    figures = {name: last[key] for name, key in keys.items() if key in last}
    return {
        **figures,
        'best_all': best[keys['all']],
        'done': report['last'].get(report['unit']),
        'minutes': report['seconds']['training'] / 60,
    }


def summarise(runs: 'pd.DataFrame') -> 'pd.DataFrame':
    """Mean and sample standard deviation over seeds of each method, methods in the order they come in.

    Args:
        runs: One row a run with the columns ``method``, ``seed`` and those of :func:`read_run`.

    Returns:
        Index ``method``; columns with two levels, the figure and ``mean`` or ``std``, and ``seeds``, their number.
    """
    figures = [name for name in (*COLUMNS, 'best_all', 'minutes') if name in runs]
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
    """Write :func:`comparison_figure` to a file."""
    comparison_figure(summary, scored_on).savefig(path, dpi=150)


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
