"""What is drawn in a figure, read off matplotlib's objects."""

import numpy as np
import pytest
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.text import Annotation


@pytest.fixture
def saved_figures(monkeypatch) -> list[Figure]:
    """All figures that are written to a file while the test runs, in this order."""
    figures, savefig = [], Figure.savefig

    def noted(figure: Figure, *args: object, **kwargs: object) -> None:
        figures.append(figure)
        savefig(figure, *args, **kwargs)

    monkeypatch.setattr(Figure, 'savefig', noted)
    return figures


def bars(axes: Axes) -> dict[float, float]:
    """Heights of all bars by the positions of their middles, from left to right."""
    patches = [patch for container in axes.containers for patch in getattr(container, 'patches', ())]
    return dict(sorted((round(bar.get_x() + bar.get_width() / 2, 9), bar.get_height()) for bar in patches))


def bar_colours(axes: Axes) -> list[str]:
    """Colours of all bars from left to right."""
    patches = [patch for container in axes.containers for patch in getattr(container, 'patches', ())]
    return [to_hex(bar.get_facecolor()) for bar in sorted(patches, key=lambda bar: bar.get_x())]


def lines(axes: Axes) -> dict[str, tuple[list[float], list[float]]]:
    """x and y of all lines that have a name, by it."""
    return {
        line.get_label(): (np.asarray(line.get_xdata(), float).tolist(), np.asarray(line.get_ydata(), float).tolist())
        for line in axes.lines
        if not line.get_label().startswith('_')
    }


def levels(axes: Axes) -> list[float]:
    """Heights of the lines that go through the whole width."""
    return [line.get_ydata()[0] for line in axes.lines if list(line.get_xdata()) == [0, 1]]


def notes(axes: Axes) -> list[str]:
    """Values that are written at points."""
    return [child.get_text() for child in axes.get_children() if isinstance(child, Annotation)]


def ticks(axes: Axes) -> list[str]:
    """What is written along the horizontal axis."""
    return [label.get_text() for label in axes.get_xticklabels()]


def entries(legend: Legend) -> dict[str, str]:
    """Colours by the names of a legend."""
    handles = [getattr(handle, 'patches', [handle])[0] for handle in legend.legend_handles]
    return {text.get_text(): _colour_of(handle) for text, handle in zip(legend.get_texts(), handles, strict=True)}


def _colour_of(handle: Artist) -> str:
    colour = handle.get_color() if isinstance(handle, Line2D) else handle.get_facecolor()
    return to_hex(colour[0] if np.ndim(colour) == 2 else colour)
