"""What the picture of several methods shows: a bar for each group and method, as long as the mean, and the spread."""

import matplotlib
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from pictures import bars, entries

from ltcl.analysis.comparison import comparison_figure, summarise

ROWS = [('paco', 0, 70.0, 20.0), ('paco', 1, 72.0, 24.0), ('paco', 2, 74.0, 28.0), ('bcl', 0, 60.0, 40.0)]


def summary(rows: list[tuple] = ROWS) -> pd.DataFrame:
    return summarise(pd.DataFrame(rows, columns=['method', 'seed', 'all', 'few']))


def test_bars_are_means_side_by_side():
    (axes,) = comparison_figure(summary()).axes
    assert bars(axes) == pytest.approx({-0.2: 72.0, 0.2: 60.0, 0.8: 24.0, 1.2: 40.0})
    assert [label.get_text() for label in axes.get_xticklabels()] == ['all', 'few']
    assert list(axes.get_xticks()) == [0, 1]
    assert axes.get_ylabel() == 'on the images of the last validation (%)'
    assert axes.get_ylim()[0] == 10  # a little below the lowest mean


def test_whiskers_are_the_spread_over_seeds():
    (axes,) = comparison_figure(summary()).axes
    (paco, _) = (
        container.errorbar.lines[2][0] for container in axes.containers if getattr(container, 'errorbar', None)
    )
    ends = [segment[:, 1].tolist() for segment in paco.get_segments()]
    assert ends == [pytest.approx([70.0, 74.0]), pytest.approx([20.0, 28.0])]


def test_legend_names_the_methods():
    figure = comparison_figure(summary())
    colours = [to_hex(colour) for colour in matplotlib.colormaps['tab10'].colors]
    assert entries(figure.legends[0]) == {'paco': colours[0], 'bcl': colours[1]}


def test_more_methods_have_colours_of_their_own():
    rows = [(f'm{number}', 0, 50.0 + number, 1.0) for number in range(12)]
    figure = comparison_figure(summary(rows))
    shown = entries(figure.legends[0])
    assert list(shown) == [f'm{number}' for number in range(12)]
    assert len(set(shown.values())) == 12
    assert figure.get_figwidth() == 12
