"""A bar ends at the line of its number."""

import re

import pytest

from ltcl.data_stats.charts import Bar
from ltcl.data_stats.charts import tail as tail_of_images
from ltcl.report.charts import tail as tail_of_run
from ltcl.report.class_rows import ClassRow

COUNTS = {1000: '1k', 100: '100', 10: '10', 1: '1'}


def lines_of(drawn, bottom):
    """Heights of the labelled lines and of the bars above a place."""
    places = {
        text: float(y) - 4
        for y, text in re.findall(r'<text [^>]*?y="([\d.]+)"[^>]*>([\dk]+)</text>', drawn)
        if float(y) > bottom
    }
    bars = re.findall(r'<rect [^>]*?y="([\d.]+)"[^>]*?class="g-', drawn)
    return places, [float(y) for y in bars]


@pytest.mark.parametrize('kind', ['images', 'run'])
def test_bars_end_at_their_numbers(kind):
    if kind == 'images':
        drawn = str(tail_of_images([Bar('c', 'few', count) for count in COUNTS], 'images', []))
        places, bars = lines_of(drawn, bottom=0)
    else:
        rows = [ClassRow(i, f'c{i}', 'few', count, 5, {'recall': None}) for i, count in enumerate(COUNTS)]
        places, bars = lines_of(str(tail_of_run(rows, 'accuracy', 'images')), bottom=222)
    assert bars == pytest.approx([places[text] for text in COUNTS.values()], abs=0.11)
