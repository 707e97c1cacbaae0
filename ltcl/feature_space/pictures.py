"""The pictures of a feature space: the images in the plane, the classes over their training images, the course."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ltcl.analysis.figure_names import figure_names
from ltcl.analysis.figure_style import COLOURS, PART_COLOURS, STYLE
from ltcl.files import atomic_file

from .words import CLASS_PANELS, COURSE_PANELS, Rows, about_images, about_map, group_names, placed_rows, shown_space

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_COLOURED = 10  # classes that can be told apart by colour; more are coloured by shot group
MAX_NAMED = 40
PICTURES = ('features_map.png', 'features_classes.png', 'features_training.png')


def draw(found: Mapping[str, Any], folder: Path) -> list[Path]:
    """Draw all pictures into a folder; that of the training only if it has a course.

    Args:
        found: What ``features.json`` holds.
        folder: Where they are written.
    """
    makers = [map_figure, classes_figure, *([course_figure] if len(found['course']) > 1 else [])]
    paths = []
    for name, make in zip(PICTURES, makers, strict=False):
        figure = make(found)
        paths.append(folder / name)
        with atomic_file(paths[-1]) as file:
            figure.savefig(file, format='png')
    return paths


def map_figure(found: Mapping[str, Any]) -> Figure:
    """The t-SNE. Up to 10 classes have a colour each, more that of their shot group; up to 40 are named."""
    import matplotlib
    from matplotlib.figure import Figure

    tsne, rows = found['tsne'], found['spaces'][found['tsne']['space']]['classes']
    places, labels = np.array(tsne['places']), np.array(tsne['labels'])
    present = np.unique(labels)
    names = figure_names([rows[label]['class_name'] for label in present], present.tolist(), where='class_index')
    with matplotlib.rc_context({**STYLE, **names.style}):
        figure = Figure(figsize=(9, 7.6), layout='constrained')
        axes = figure.subplots()
        size = max(2.0, 26 - 3 * np.log2(len(labels) / 100 + 1) * 1.4)
        for name, mask, colour in _parts(labels, present, names.labels, [rows[label]['group'] for label in labels]):
            x, y = places[mask].T
            text = f'{name} ({mask.sum():,})'
            axes.scatter(x, y, s=size, color=colour, alpha=0.65, linewidths=0, label=text)
        if MAX_COLOURED < len(present) <= MAX_NAMED:
            for name, label in zip(names.labels, present, strict=True):
                x, y = np.median(places[labels == label], axis=0)
                box = {'facecolor': 'white', 'edgecolor': 'none', 'pad': 0.8, 'alpha': 0.7}
                axes.text(x, y, name, fontsize=8, ha='center', va='center', bbox=box)
        axes.set(xticks=[], yticks=[], aspect='equal')
        axes.grid(False)
        axes.spines[:].set_visible(False)
        axes.set_title(about_map(found))
        axes.set_xlabel(names.note, fontsize=8)
        legend = axes.legend(loc='upper left', bbox_to_anchor=(1, 1), borderaxespad=0, fontsize=9, markerscale=2)
        for handle in filter(None, legend.legend_handles):
            handle.set_alpha(1)
    return figure


def _parts(
    labels: np.ndarray, present: np.ndarray, names: Sequence[str], groups: Sequence[str | None]
) -> list[tuple[str, np.ndarray, Any]]:
    """Name, mask and colour of what has a colour of its own; the rare ones come last, above the others."""
    import matplotlib

    if len(present) <= MAX_COLOURED:
        colours = matplotlib.colormaps['tab10']
        triples = zip(names, present, map(colours, range(colours.N)), strict=False)
        parts = [(name, labels == label, colour) for name, label, colour in triples]
        return sorted(parts, key=lambda part: -part[1].sum())
    shown = [group for group in ('many', 'medium', 'few', None) if group in groups]
    return [(group or 'all', np.array([each == group for each in groups]), COLOURS[group]) for group in shown]


def classes_figure(found: Mapping[str, Any]) -> Figure:
    """Angles between the class means, and figures of each class over its training images."""
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    panels = [panel for panel in CLASS_PANELS if panel.is_known(found)]
    columns = 2 if len(panels) != 2 else 3
    lines = -(-(1 + len(panels)) // columns)
    with matplotlib.rc_context({**STYLE, 'axes.titlesize': 10}):
        figure = Figure(figsize=(5.6 * columns, 3.5 * lines + 0.5), layout='constrained')
        grid = figure.subplots(lines, columns, squeeze=False).flat
        _draw_angles(next(grid), found['spaces'][shown_space(found)])
        for panel in panels:
            _draw_classes(axes := next(grid), panel.rows(found), panel.column)
            axis = '\n'.join(filter(None, ('training images (log)', panel.missing(found))))
            axes.set(title=panel.title(found), xlabel=axis, ylabel=panel.unit, xlim=_count_limits(found))
        for axes in grid:
            axes.set_visible(False)
        figure.suptitle(about_images(found), fontsize=11, x=0.01, ha='left')
        names = group_names(found)
        if panels:
            points = [Line2D([], [], linewidth=0, marker='o', markersize=5, color=COLOURS[group]) for group in names]
            figure.legend(points, names.values(), loc='outside lower center', ncols=4, fontsize=9)
    return figure


def _draw_angles(axes: Axes, space: Mapping[str, Any]) -> None:
    pairs, figures = np.array(space['angles']), space['figures']
    if pairs.size:
        width = 1 if (pairs > 0).sum() > 40 else 3
        binned = pairs.reshape(-1, width).sum(1) / pairs.sum() * 100
        axes.bar(np.arange(len(binned)) * width + width / 2, binned, width=width, color=COLOURS[None])
        axes.axvline(figures['simplex_angle'], color=COLOURS['few'], linewidth=1.5, label='simplex')
        known = np.flatnonzero(pairs)
        axes.set_xlim(max(0, min(known[0] - 5, 60)), min(180, max(known[-1] + 5, figures['simplex_angle'] + 10)))
        axes.set_ylim(0, 1.15 * binned.max())  # so that no bar reaches the word
        axes.annotate(
            f'simplex {figures["simplex_angle"]:.1f}°',
            (figures['simplex_angle'], 1),
            (4, -12),
            xycoords=('data', 'axes fraction'),
            textcoords='offset points',
            fontsize=8,
            color=COLOURS['few'],
        )
    axes.set(title='Angles between class means, from their centre', xlabel='degrees', ylabel='pairs of classes (%)')


def _draw_classes(axes: Axes, rows: Rows, column: str) -> None:
    is_few = len(rows) <= 200
    for group in ('many', 'medium', 'few'):
        points = [(row['train_count'], row[column]) for row in rows if row['group'] == group]
        if points:
            x, y = np.array(points).T
            axes.scatter(x, y, s=22 if is_few else 6, alpha=0.9 if is_few else 0.4, linewidths=0, color=COLOURS[group])
    axes.set_xscale('log')
    axes.xaxis.set_major_formatter('{x:,.0f}')
    axes.xaxis.set_minor_formatter('')
    _start_at_zero(axes, [row[column] for row in rows])


def _count_limits(found: Mapping[str, Any]) -> tuple[float, float]:
    """Ends of an axis of training images: those of all panels alike, with two powers of ten or more between them."""
    counts = [row['train_count'] for row in placed_rows(found, shown_space(found))]
    low = 10 ** math.floor(math.log10(min(counts)))
    return 0.8 * low, 1.25 * max(10 * low, *counts)


def _start_at_zero(axes: Axes, values: Sequence[float]) -> None:
    """Let the vertical axis begin at 0, with room above the largest value, unless there are negative ones."""
    if min(values) >= 0 < max(values):
        axes.set_ylim(0, 1.08 * max(values))


def course_figure(found: Mapping[str, Any]) -> Figure:
    """How the figures went over the checkpoints of the training."""
    import matplotlib
    from matplotlib.figure import Figure

    course = found['course']
    unit = 'epoch' if all(entry['epoch'] is not None for entry in course) else 'iter'
    panels = [(panel, lines) for panel in COURSE_PANELS if (lines := panel.lines(found, unit))]
    columns = 3
    rows = -(-len(panels) // columns)
    with matplotlib.rc_context({**STYLE, 'axes.titlesize': 10}):
        figure = Figure(figsize=(13, 3.2 * rows + 0.5), layout='constrained')
        grid = figure.subplots(rows, columns, squeeze=False).flat
        for panel, lines in panels:
            axes = next(grid)
            for (name, points), colour in zip(lines.items(), (COLOURS['all'], *PART_COLOURS), strict=False):
                colour = COLOURS.get(name, colour)
                axes.plot(*zip(*points, strict=True), color=colour, marker='o', markersize=3, linewidth=1.6, label=name)
            axes.set(title=panel.title, xlabel={'epoch': 'epoch', 'iter': 'iteration'}[unit])
            _start_at_zero(axes, [value for points in lines.values() for _, value in points])
            axes.xaxis.get_major_locator().set_params(integer=True)
            if len(lines) > 1:
                axes.legend(loc='upper left', bbox_to_anchor=(1, 1), borderaxespad=0, fontsize=8)
        for axes in grid:
            axes.set_visible(False)
        figure.suptitle(about_images(found, f'{len(course)} checkpoints'), fontsize=11, x=0.01, ha='left')
    return figure
