"""The picture of the README's table of methods.

After a change of the table: ``cd docs; python -m from_code.comparison_picture``.
"""

from collections.abc import Sequence

from matplotlib import rc_context
from matplotlib.figure import Figure

from ltcl.analysis.figure_style import COLOURS, STYLE

from .readme_tables import GROUPS, Row, results
from .repository import ROOT
from .tail_pictures import FASHION

PLACE = ROOT / 'docs' / 'images' / 'comparison.png'
PANELS = ('all', *GROUPS)
IMAGES = '10,000 balanced test images of Fashion-MNIST-LT small'


def comparison(rows: Sequence[Row]) -> Figure:
    """A line a method, a panel a shot group: the mean over the seeds as a dot, the standard deviation as a bar.

    Args:
        rows: Of the table, the first at the top.
    """
    with rc_context({**STYLE, 'axes.grid.axis': 'x'}):
        figure = Figure(figsize=(12, 1.2 + 0.27 * len(rows)), layout='constrained')
        grid = figure.subplots(1, len(PANELS), sharey=True)
        for axes, name in zip(grid, PANELS, strict=True):
            means, spreads = ([getattr(row, kind)[name] for row in rows] for kind in ('figures', 'spreads'))
            axes.errorbar(means, range(len(rows)), xerr=spreads, fmt='o', color=COLOURS[name], markersize=5, capsize=2)
            axes.set(title=name, xlabel='accuracy (%)', ylim=(len(rows) - 0.4, -0.6))
            axes.axvline(means[0], color='#999999', linewidth=0.8, linestyle=(0, (4, 3)))
        grid[0].set_yticks(range(len(rows)), [row.method for row in rows])
        figure.suptitle(f'{IMAGES}: mean and spread over three seeds; dashed: {rows[0].method}', fontsize=10)
    return figure


def told(rows: Sequence[Row]) -> str:
    """What the picture shows, kept in its file, so that a test finds a picture of an older table."""
    return '\n'.join(f'{row.method}: {[(row.figures[name], row.spreads[name]) for name in PANELS]}' for row in rows)


if __name__ == '__main__':
    found = results(FASHION)
    comparison(found).savefig(PLACE, dpi=110, metadata={'Description': told(found)})
