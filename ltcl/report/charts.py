"""The pictures of a page."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from ltcl.analysis.run_report import GROUPS
from ltcl.predictions.calibration import reliability

from .class_rows import ClassRow, are_counts_known, groups_present
from .count_axis import count_ticks, height_of
from .svg import Box, label, line, path, picture, rect, tag

WIDTH = 640
MAX_SINGLE = 200
MAX_NAMED = 12
BIN_FIGURES = ('count', 'confidence', 'accuracy')
PERCENT = [(value, str(value)) for value in (0, 25, 50, 75, 100)]


def tail(rows: Sequence[ClassRow], score: str, counted: str) -> Markup:
    """Training images of each class, and above them what the model gets right of it.

    With more than 200 classes, a mark stands for several neighbours: their mean, and the middle half of them. There is
    none of no classes, or where their training images are not known.
    """
    if not rows or not are_counts_known(rows):
        return Markup('')
    scored = Box(44, 26, WIDTH - 54, 166, (0, len(rows)))
    most = max(row.train or 0 for row in rows)
    ticks = count_ticks(most)
    sizes = Box(44, 224, WIDTH - 54, 78, (0, len(rows)), (0, max(height_of(most), ticks[-1][0])))
    bunches = [rows[start:stop] for start, stop in bunch(len(rows), MAX_SINGLE)]
    parts = [*scored.grid(PERCENT), *sizes.grid(ticks)]
    start = 0
    for members in bunches:
        parts += _bunch(members, start, scored, sizes, counted)
        start += len(members)
    names = [(row.name, place) for place, row in enumerate(rows)] if len(rows) <= MAX_NAMED else []
    for name, place in names:
        x = scored.x(place + 0.5)
        parts.append(label(shorten(name, (WIDTH - 54) // len(rows) // 6), x, 318, 'middle', class_='tick'))
    what = f'classes, from most to fewest training {counted}' + ('' if names else f' ({len(rows):,})')
    parts.append(label(what, 44 + (WIDTH - 54) / 2, 336, 'middle', class_='axis'))
    parts.append(label(f'{score} (%)', 4, 11, class_='axis'))
    parts.append(label(f'training {counted} (log)', 4, 212, class_='axis'))
    return picture(WIDTH, 344, f'{score} and training {counted} of {len(rows)} classes', parts, 'wide')


def _bunch(members: Sequence[ClassRow], start: int, scored: Box, sizes: Box, counted: str) -> list[Markup]:
    middle, width = start + len(members) / 2, scored.x(len(members)) - scored.x(0)
    kind = f'g-{members[len(members) // 2].group}'
    mean = float(np.mean([row.train or 0 for row in members]))
    bar = max(0.6, width * 0.86)
    about = members[0].name if len(members) == 1 else f'{members[0].name} to {members[-1].name}'
    height = sizes.y(0) - sizes.y(height_of(mean))
    tip = f'{about}: {mean:,.0f} training {counted}'
    parts = [rect(sizes.x(middle) - bar / 2, sizes.y(0) - height, bar, height, kind, tip)]
    values = [row.figures['recall'] for row in members if row.figures['recall'] is not None]
    if not values:
        return parts
    only = members[0].figures
    if len(members) == 1:
        low, high = only['low'], only['high']
    else:
        low, high = np.percentile(values, [25, 75]).tolist()
    if low is not None and high is not None:
        parts.append(line(scored.x(middle), scored.y(low), scored.x(middle), scored.y(high), f'whisker s-{kind[2:]}'))
    value = float(np.mean(values))
    interval = '' if low is None else f' ({low:.0f} to {high:.0f})'
    tip = tag('title', f'{about}: {value:.1f} %{interval}')
    radius = 5.0 if len(members) == 1 and width > 20 else 3.2 if width > 5 else 2.2
    parts.append(tag('circle', tip, cx=scored.x(middle), cy=scored.y(value), r=radius, class_=kind))
    return parts


def bunch(number: int, most: int) -> list[tuple[int, int]]:
    """Ends of at most so many runs of neighbours, each about as long, that make up all."""
    edges = np.linspace(0, number, min(number, most) + 1).round().astype(int).tolist()
    return list(itertools.pairwise(edges))


def shorten(name: str, width: int) -> str:
    """A name, its end cut off where it is too long."""
    return name if len(name) <= width else f'{name[: max(1, width - 1)]}…'


def curves(series: dict[str, list[tuple[float, float]]], title: str, unit: str, percent: bool = False) -> Markup:
    """Values over epochs or iterations, each curve with its name at its end.

    Args:
        series: Points of each curve, at least one.
        title: What the values are.
        unit: What they are over.
        percent: Whether the axis goes from 0 to 100.
    """
    points = [point for each in series.values() for point in each]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    top = 100.0 if percent else max([*ys, 1e-9]) * 1.05
    bottom = 0.0 if percent else min([*ys, 0.0])
    box = Box(48, 22, WIDTH - 160, 180, (min(xs), max(xs)), (bottom, top))
    ticks = PERCENT if percent else [(value, f'{value:.3g}') for value in np.linspace(bottom, top, 5).tolist()]
    parts = [*box.grid(ticks), label(title, 4, 12, class_='axis')]
    parts.append(label(f'{unit} {max(xs):g}', box.x(max(xs)), 220, 'end', class_='tick'))
    parts.append(label(f'{min(xs):g}', box.x(min(xs)), 220, class_='tick'))
    ends = sorted(((box.y(each[-1][1]), name) for name, each in series.items()))
    place = -math.inf
    numbers = {name: number for number, name in enumerate(series)}
    for y, name in ends:
        place = max(place + 14, y + 4)
        kind = f'g-{name}' if name in GROUPS else f'c{numbers[name] % 8}'
        parts.append(label(shorten(name, 17), box.left + box.width + 8, place, class_=f'tick {kind}'))
    for name, each in series.items():
        kind = f's-{name}' if name in GROUPS else f'k{numbers[name] % 8}'
        shown = [each[start] for start, _ in bunch(len(each), 300)] + each[-1:]
        parts.append(path([(box.x(x), box.y(y)) for x, y in shown], kind))
    return picture(WIDTH, 228, title, parts, 'wide')


def reliability_diagram(sums: np.ndarray, title: str, answers: str = 'answers') -> Markup:
    """What share of the answers is right, by how sure the model was of them; below, how many answers there are.

    Args:
        sums: From :func:`ltcl.predictions.calibration.bin_sums`.
        title: Above it.
        answers: What is counted.
    """
    box = Box(40, 24, 260, 170, (0, 100))
    parts = [*box.grid(PERCENT), line(box.x(0), box.y(0), box.x(100), box.y(100), 'diagonal')]
    bins = reliability(sums)
    most = bins['count'].max()
    filled = np.flatnonzero(bins['count']).tolist()
    for place, number, mean, right in zip(filled, *(bins[name][filled].tolist() for name in BIN_FIGURES), strict=True):
        x, width = box.x(place / 0.15) + 1, box.width / 15 - 2
        tip = f'{number:,.0f} {answers}, confidence {100 * mean:.1f} %, right {100 * right:.1f} %'
        parts.append(rect(x, box.y(100 * right), width, box.y(0) - box.y(100 * right), 'bar', tip))
        gap = sorted((box.y(100 * right), box.y(100 * mean)))
        parts.append(rect(x, gap[0], width, gap[1] - gap[0], 'gap'))
        parts.append(rect(x, 212, width, 26 * number / most, 'soft', tip))
    parts += [label(str(value), box.x(value), 208, 'middle', class_='tick') for value in (0, 50, 100)]
    parts += [
        label(title, 4, 13, class_='axis'),
        label(f'confidence (%); below: {answers}', 170, 252, 'middle', class_='tick'),
    ]
    return picture(310, 258, f'Reliability: {title}', parts, 'small')


def pairs(groups: Sequence[tuple[str, float, float]], names: tuple[str, str], unit: str = '') -> Markup:
    """Two bars for each of some groups, side by side.

    Args:
        groups: Name and the two values of each.
        names: What the two values are.
        unit: Put behind each number.
    """
    most = max([value for _, *values in groups for value in values] + [1e-9])
    parts = []
    for number, (name, first, second) in enumerate(groups):
        y = 28 + 44 * number
        parts.append(label(shorten(name, 15), 4, y + 20, class_='tick'))
        for place, (value, kind) in enumerate(((first, 'soft'), (second, 'bar'))):
            width = value / most * 370
            parts.append(rect(130, y + 17 * place, max(width, 1), 15, kind))
            parts.append(
                label(
                    f'{value:,.{0 if value == round(value) else 1}f}{unit}',
                    136 + width,
                    y + 17 * place + 12,
                    class_='tick',
                )
            )
    parts += [rect(130, 6, 10, 10, 'soft'), label(names[0], 145, 15, class_='tick')]
    parts += [rect(340, 6, 10, 10, 'bar'), label(names[1], 355, 15, class_='tick')]
    return picture(WIDTH, 34 + 44 * len(groups), f'{names[0]} and {names[1]}', parts, 'wide')


def told(value: float) -> str:
    """A number as it is read: whole, or with one decimal place."""
    return f'{value:,.0f}' if value == round(value) else f'{value:,.1f}'


def groups_of(rows: Sequence[ClassRow]) -> dict[str, np.ndarray]:
    """Labels of the classes of each shot group; thirds of the classes where there is only one group.

    All classes with images are one where their training images are not known.
    """
    if not are_counts_known(rows):
        tested = [row.index for row in rows if row.test]
        return {'classes': np.array(tested)} if tested else {}
    present = groups_present(list(rows))
    if len(present) > 1 or len(rows) < 2:
        return {group: np.array([row.index for row in rows if row.group == group]) for group in present}
    names = ('largest classes', 'middle classes', 'smallest classes') if len(rows) > 2 else ('larger', 'smaller')
    parts = zip(names, bunch(len(rows), 3), strict=True)
    return {name: np.array([row.index for row in rows[start:stop]]) for name, (start, stop) in parts}
