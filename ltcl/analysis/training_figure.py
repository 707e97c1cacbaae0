"""The picture of a training: losses, learning rate, and scores at each validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .figure_style import COLOURS, PART_COLOURS, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_CURVE_POINTS = 150


@dataclass
class TrainingCurves:
    """What was logged at each training iteration.

    Attributes:
        values: Under ``loss``, ``lr`` and names with ``loss_`` one value per iteration, the last of the run at the
            end; what is absent is not drawn.
        num_iters: Iterations of the whole run; an array may hold fewer, the latest.
        iters_per_epoch: None: the horizontal axis counts iterations.
    """

    values: dict[str, np.ndarray]
    num_iters: int
    iters_per_epoch: int | None = None

    def binned(self, name: str, max_points: int = MAX_CURVE_POINTS) -> tuple[np.ndarray, np.ndarray]:
        """Means over at most ``max_points`` runs of iterations, and where their middles lie on the axis."""
        values = self.values[name]
        edges = np.linspace(0, len(values), min(len(values), max_points) + 1).astype(int)
        means = np.add.reduceat(values, edges[:-1]) / np.diff(edges)
        middles = (edges[:-1] + edges[1:]) / 2 + self.num_iters - len(values)
        return middles / (self.iters_per_epoch or 1), means


def training_figure(
    curves: TrainingCurves,
    history: Sequence[dict],
    shot_prefix: str,
    score: str = 'accuracy',
    overall: str = 'all',
    images: str = '',
) -> Figure:
    """Loss and its parts, learning rate, and scores at each validation.

    Args:
        curves: Values of the training iterations.
        history: Validations in order, each with ``epoch``, ``iter`` and ``metrics`` (percent).
        shot_prefix: Prefix of the keys ``many``, ``medium`` and ``few`` in the metrics.
        score: What the keys stand for.
        overall: Key of the score over all classes, without prefix.
        images: Which images the scores are of and how many, for the title.
    """
    import matplotlib
    from matplotlib.figure import Figure

    unit, x_label = ('iter', 'iteration') if curves.iters_per_epoch is None else ('epoch', 'epoch')
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(12.5, 4.8), layout='constrained')
        grid = figure.add_gridspec(2, 2, height_ratios=(3, 1))
        loss_axes = figure.add_subplot(grid[0, 0])
        lr_axes = figure.add_subplot(grid[1, 0], sharex=loss_axes)
        _draw_losses(loss_axes, curves)
        if 'lr' in curves.values:
            lr_axes.plot(*curves.binned('lr'), color=COLOURS['all'], linewidth=1.4)
        lr_axes.set(ylabel='learning rate', xlabel=x_label)
        lr_axes.set_ylim(bottom=0)
        lr_axes.ticklabel_format(axis='y', style='sci', scilimits=(-2, 3))
        axes = figure.add_subplot(grid[:, 1])
        _draw_history(axes, history, shot_prefix, overall, unit)
        title = f'{score[0].upper()}{score[1:]} ' + (f'on {images}' if images else 'at validation')
        axes.set(title=title, ylabel=f'{score} (%)', xlabel=x_label, ylim=(0, 100))
        figure.align_ylabels([loss_axes, lr_axes])
    return figure


def _draw_losses(axes: Axes, curves: TrainingCurves) -> None:
    parts = [name for name in curves.values if 'loss_' in name]
    if 'loss' in curves.values:
        axes.plot(*curves.binned('loss', max_points=3000), color=COLOURS['all'], alpha=0.15, linewidth=0.6)
        axes.plot(*curves.binned('loss'), color=COLOURS['all'], linewidth=1.8, label='loss')
    # A single part is the loss itself.
    for name, colour in zip(parts if len(parts) > 1 else (), PART_COLOURS * len(parts), strict=False):
        axes.plot(*curves.binned(name), color=colour, linewidth=1.4, label=name.replace('loss_', ''))
    if axes.lines:
        smooth_values = np.concatenate([line.get_ydata() for line in axes.lines[1:]])
        finite = smooth_values[np.isfinite(smooth_values)]
        if finite.size:
            low, high = finite.min(), finite.max()
            margin = 0.06 * (high - low) or 0.1
            axes.set_ylim(min(low, 0) - (margin if low < 0 else 0), high + margin)
    if len(axes.lines) > 2:
        _legend_beside(axes)
    axes.set(title='Training loss', ylabel='loss')
    axes.tick_params(axis='x', labelbottom=False)


def _draw_history(axes: Axes, history: Sequence[dict], shot_prefix: str, overall: str, unit: str) -> None:
    marker = 'o' if len(history) <= 30 else None
    for group in (overall, 'many', 'medium', 'few'):
        points = [(e[unit], e['metrics'][key]) for e in history if (key := f'{shot_prefix}/{group}') in e['metrics']]
        if points:
            x, y = zip(*points, strict=True)
            width = 2.2 if group == overall else 1.5
            colour = COLOURS['all' if group == overall else group]
            label = f'{group}: {y[-1]:.1f}'
            axes.plot(x, y, color=colour, linewidth=width, marker=marker, markersize=3.5, label=label)
    if axes.lines:
        _legend_beside(axes, title='last validation (%)', alignment='left')
    else:
        axes.text(0.5, 0.5, 'no validation by shot group', transform=axes.transAxes, ha='center', color='#777777')


def _legend_beside(axes: Axes, **options: Any) -> None:
    """A legend that covers no line."""
    axes.legend(loc='upper left', bbox_to_anchor=(1, 1), borderaxespad=0, fontsize=9, **options)
