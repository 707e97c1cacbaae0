"""The two pictures of a run: accuracy and size of each class, and what happened during training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .figure_names import PLAIN_TEXT, FigureNames, figure_names
from .run_report import group_rules

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette, which colour-blind readers can tell apart.
COLOURS = {'many': '#0072B2', 'medium': '#009E73', 'few': '#D55E00', 'all': '#222222', None: '#8A8A8A'}
PART_COLOURS = ('#0072B2', '#E69F00', '#CC79A7', '#56B4E9', '#009E73', '#D55E00')
STYLE: Any = {
    **PLAIN_TEXT,
    'font.size': 10,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.edgecolor': '#666666',
    'axes.labelcolor': '#333333',
    'axes.titlesize': 11,
    'axes.titleweight': 'bold',
    'axes.titlelocation': 'left',
    'axes.axisbelow': True,
    'axes.grid': True,
    'axes.grid.axis': 'y',
    'grid.color': '#E4E4E4',
    'grid.linewidth': 0.8,
    'xtick.color': '#444444',
    'ytick.color': '#444444',
    'legend.frameon': False,
    'savefig.dpi': 150,
}
VALUE_TEXT: dict[str, Any] = {
    'ha': 'center',
    'va': 'bottom',
    'fontsize': 8,
    'color': '#333333',
    'bbox': {'facecolor': 'white', 'edgecolor': 'none', 'pad': 0.6, 'alpha': 0.8},
}
MAX_BARS = 120
MAX_LEVEL_NAMES = 40  # more names stand upright, in small letters
MAX_WORST_NAMES = 5
MAX_LABELLED_BARS = 20
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


def per_class_figure(
    per_class: dict[str, list],
    bounds: tuple[int, int],
    score: str = 'accuracy',
    counted: str = 'images',
    images: str = '',
) -> Figure:
    """Score of each class over its number of training images, classes sorted by that number.

    Up to 120 classes are bars with names. More are dots and the mean of neighbouring classes, with the number of those
    at 0 and the names of the worst.

    Args:
        per_class: Lists of length num_classes: ``class_name``, ``train_count``, the score (percent, None without test
            images), ``group``; counts and groups are None when the training counts are unknown.
        bounds: Smallest and largest training count of a medium-shot class.
        score: Name of the column of scores, and of the axis.
        counted: What the training counts are of, ``images`` or ``pixels``.
        images: Which images the scores are of and how many, for the title.
    """
    import matplotlib
    from matplotlib.figure import Figure

    counts = np.array([np.nan if count is None else count for count in per_class['train_count']], dtype=float)
    with_counts = bool(np.isfinite(counts).all())
    order = np.argsort(-counts, kind='stable') if with_counts else np.arange(len(counts))
    scores = np.array(per_class[score], dtype=float)[order]
    named: list[int] = (order if len(order) <= MAX_BARS else order[_worst(scores)]).tolist()
    names = figure_names([per_class['class_name'][i] for i in named], named)
    groups = [per_class['group'][i] for i in order]

    with matplotlib.rc_context({**STYLE, **names.style}):
        width = min(16.0 if MAX_LEVEL_NAMES < len(order) <= MAX_BARS else 14.0, max(8.0, 2.0 + 0.5 * len(order)))
        figure = Figure(figsize=(width, 6.2 if with_counts else 4.2), layout='constrained')
        axes = figure.subplots(2 if with_counts else 1, 1, sharex=True, squeeze=False)[:, 0]
        _draw_scores(axes[0], scores, groups, group_rules(bounds, counted), score)
        if with_counts:
            _draw_counts(axes[1], counts[order], groups, bounds, counted)
        _label_classes(axes[-1], names, len(order), counted if with_counts else None)
        if len(order) > MAX_BARS:
            _name_worst(axes[-1], names, scores)
        if images:
            axes[0].set_title(f'{score[0].upper()}{score[1:]} of each class on {images}', pad=10)
        figure.align_ylabels(axes)
        handles, labels = axes[0].get_legend_handles_labels()
        if labels:
            legend = figure.legend(handles, labels, loc='outside upper center', ncols=4, handlelength=1.0, fontsize=9)
            for handle in filter(None, legend.legend_handles):
                handle.set_alpha(1)
    return figure


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


def _draw_scores(axes: Axes, scores: np.ndarray, groups: list, rules: dict[str, str], name: str) -> None:
    position = np.arange(len(scores))
    for group in dict.fromkeys(groups):
        members = np.array([g == group for g in groups])
        tested = members & np.isfinite(scores)
        label = None
        if group is not None and tested.any():
            label = f'{group} ({rules[group]}): {scores[tested].mean():.1f} %'
        if len(scores) <= MAX_BARS:
            axes.bar(position[tested], scores[tested], width=0.78, color=COLOURS[group], label=label)
        else:
            axes.scatter(
                position[tested],
                scores[tested],
                s=9,
                alpha=0.45,
                linewidths=0,
                color=COLOURS[group],
                label=label,
                clip_on=False,
            )
    if len(scores) <= MAX_LABELLED_BARS:
        for x in position[np.isfinite(scores)]:
            axes.annotate(f'{scores[x]:.1f}', (x, scores[x]), (0, 2), textcoords='offset points', **VALUE_TEXT)
    elif len(scores) > MAX_BARS:
        window = max(len(scores) // 25, 3)
        axes.plot(
            position,
            _running_mean(scores, window),
            color=COLOURS['all'],
            linewidth=1.6,
            label=f'mean of {window} neighbours',
        )
    axes.set(ylabel=f'{name} (%)', ylim=(0, 105), yticks=range(0, 101, 20))


def _draw_counts(axes: Axes, counts: np.ndarray, groups: list, bounds: tuple[int, int], counted: str) -> None:
    position = np.arange(len(counts))
    floor = 0.7  # lets a class with one image show a bar on the logarithmic axis
    for group in dict.fromkeys(groups):
        members = position[[g == group for g in groups]]
        if len(counts) <= MAX_BARS:
            axes.bar(members, counts[members], width=0.78, color=COLOURS[group])
        else:
            # One polygon a group: thousands of bars take seconds to draw.
            edges = np.append(members, members[-1] + 1) - 0.5
            heights = np.maximum(np.append(counts[members], counts[members[-1]]), floor)
            axes.fill_between(edges, heights, floor, step='post', color=COLOURS[group], linewidth=0)
    for bound in bounds:
        axes.axhline(bound, color='#555555', linewidth=0.9, linestyle=(0, (4, 3)))
    if len(counts) <= MAX_LABELLED_BARS:
        for x, count in enumerate(counts):
            axes.annotate(f'{count:.0f}', (x, max(count, floor)), (0, 2), textcoords='offset points', **VALUE_TEXT)
    axes.set_yscale('log')
    axes.set(ylabel=f'training {counted} (log)', ylim=(floor, max(counts.max(), bounds[1]) * 2))
    axes.yaxis.set_major_formatter('{x:,.0f}')
    axes.minorticks_off()


def _label_classes(axes: Axes, names: FigureNames, num_classes: int, counted: str | None) -> None:
    axes.set_xlim(-0.7, num_classes - 0.3)
    axes.tick_params(axis='x', length=0)
    if num_classes <= MAX_BARS:
        labels = names.labels
        level = max(map(len, labels)) <= 4 and num_classes <= MAX_LEVEL_NAMES
        slope = 0 if level else 35 if num_classes <= MAX_LEVEL_NAMES else 90
        axes.set_xticks(range(num_classes), labels, rotation=slope, ha='right' if slope == 35 else 'center')
        axes.tick_params(axis='x', rotation=slope, labelsize=6 if slope == 90 else 10)
        axes.set_xlabel(names.note, fontsize=8)
    else:
        order = f'most training {counted} first' if counted else 'in class order'
        axes.set_xlabel(f'{num_classes:,} classes, {order}')


def _worst(scores: np.ndarray) -> np.ndarray:
    """Positions of the classes of the lowest scores; of equals those with the most training images."""
    tested = np.flatnonzero(np.isfinite(scores))
    return tested[np.argsort(scores[tested], kind='stable')][:MAX_WORST_NAMES]


def _name_worst(axes: Axes, names: FigureNames, scores: np.ndarray) -> None:
    tested = scores[np.isfinite(scores)]
    worst = ', '.join(f'{name} {score:.1f}' for name, score in zip(names.labels, np.sort(tested), strict=False))
    zeros = f'{axes.get_xlabel()}; {(tested == 0).sum():,} of {len(tested):,} tested classes at 0 %'
    axes.set_xlabel('\n'.join(filter(None, (zeros, f'lowest: {worst}', names.note))), fontsize=9)


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


def _running_mean(values: np.ndarray, window: int) -> np.ndarray:
    known = np.isfinite(values)
    kernel = np.ones(window)
    totals = np.convolve(np.where(known, values, 0), kernel, mode='same')
    counts = np.convolve(known, kernel, mode='same')
    return np.divide(totals, counts, out=np.full(len(values), np.nan), where=counts > 0)
