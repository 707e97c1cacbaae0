"""Tables of results, read from the README."""

import re
from typing import NamedTuple

from .repository import ROOT
from .sections import section

GROUPS = ('many', 'medium', 'few')


class Row(NamedTuple):
    """A method's accuracies in %, by the heading of the column."""

    method: str
    figures: dict[str, float]


def results(heading: str) -> list[Row]:
    """The first table below a heading of the README.

    Args:
        heading: Words of the heading.
    """
    lines = section(ROOT / 'README.md', heading, ROOT / 'README.md').splitlines()
    table = [[cell.strip() for cell in line.strip('| ').split(' | ')] for line in lines if line.startswith('|')]
    names = table[0][1:]
    return [Row(cells[0], dict(zip(names, map(_mean, cells[1:]), strict=True))) for cells in table[2:]]


def _mean(cell: str) -> float:
    """The figure before the sign of the spread; NaN where there is none."""
    found = re.match(r'[\d.]+', cell)
    return float(found[0]) if found else float('nan')
