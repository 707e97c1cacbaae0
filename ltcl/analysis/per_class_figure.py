"""The picture of the classes: score and training images of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .figure_names import FigureNames, figure_names
from .figure_style import COLOURS, STYLE, VALUE_TEXT
from .run_report import group_rules

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_BARS = 120
MAX_LEVEL_NAMES = 40  # more names stand upright, in small letters
MAX_WORST_NAMES = 5
MAX_LABELLED_BARS = 20


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


def _running_mean(values: np.ndarray, window: int) -> np.ndarray:
    known = np.isfinite(values)
    kernel = np.ones(window)
    totals = np.convolve(np.where(known, values, 0), kernel, mode='same')
    counts = np.convolve(known, kernel, mode='same')
    return np.divide(totals, counts, out=np.full(len(values), np.nan), where=counts > 0)
