"""Tables of results, read from the README."""

import re
from typing import NamedTuple

from .repository import ROOT
from .sections import section

GROUPS = ('many', 'medium', 'few')


class Row(NamedTuple):
    """A method's accuracies in %, by the heading of the column, and their spread over seeds."""

    method: str
    figures: dict[str, float]
    spreads: dict[str, float]


def results(heading: str) -> list[Row]:
    """The first table below a heading of the README.

    Args:
        heading: Words of the heading.
    """
    lines = section(ROOT / 'README.md', heading, ROOT / 'README.md').splitlines()
    table = [[cell.strip() for cell in line.strip('| ').split(' | ')] for line in lines if line.startswith('|')]
    names = table[0][1:]
    rows = []
    for method, *cells in table[2:]:
        figures, spreads = (dict(zip(names, map(read, cells), strict=True)) for read in (_mean, _spread))
        rows.append(Row(method, figures, spreads))
    return rows


def _mean(cell: str) -> float:
    """The figure before the sign of the spread; NaN where there is none."""
    return _number(r'^[\d.]+', cell)


def _spread(cell: str) -> float:
    """The figure after it; NaN where there is none."""
    return _number(r'(?<=± )[\d.]+', cell)


def _number(pattern: str, cell: str) -> float:
    found = re.search(pattern, cell)
    return float(found[0]) if found else float('nan')
