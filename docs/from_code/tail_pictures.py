"""Pictures of the page of concepts: a tail, what it does to a classifier, and what the methods change."""

import math

import torch

from ltcl.datasets import class_counts_exponential
from ltcl.evaluation.functional import shot_groups

from .readme_tables import GROUPS, Row, results
from .svg import figure, text

FASHION = 'Fashion-MNIST-LT, from scratch'
BASELINE = 'cross entropy'
ZERO = 400


def tail() -> str:
    """Images of each class of the demo, drawn with the code that makes it."""
    counts = list(class_counts_exponential(500, 10, 100))
    masks = shot_groups(torch.tensor(counts))
    group_of = [next(name for name in GROUPS if masks[name][label]) for label in range(len(counts))]
    parts = [_axis(40, 600, 200)]
    for label, count in enumerate(counts):
        x, height = 50 + label * 55, 170 * count / max(counts)
        parts.append(_bar(x, 200, 40, height, group_of[label]))
        parts += [text(x + 20, 194 - height, str(count)), text(x + 20, 216, group_of[label])]
    about = (
        f'Training images of the ten classes of Fashion-MNIST-LT small: {sum(counts):,} images, largest class '
        f'{counts[0]}, smallest {counts[-1]}.'
    )
    return figure(620, 226, parts, about)


def boundary() -> str:
    """Two classes on a line, one nine times as frequent: where the answer changes, with and without the prior."""
    share, distance = 0.9, 2.0
    natural = distance / 2 + math.log(share / (1 - share)) / distance
    parts = [_axis(20, 600, 180), _density(0, share, 'many'), _density(distance, 1 - share, 'few')]
    for place, words, side in ((natural, 'as trained', 'start'), (distance / 2, 'for an even mix', 'end')):
        x = _at(place)
        parts.append(f'<line x1="{x:g}" y1="12" x2="{x:g}" y2="180" class="arrow"/>')
        parts.append(text(x + (6 if side == 'start' else -6), 14, words, anchor=side))
    parts += [text(_at(-0.2), 130, 'frequent class', anchor='middle'), text(_at(distance + 0.9), 150, 'rare class')]
    about = (
        'Two classes with equal spread, nine images of one for each of the other. Trained by cross entropy the answer '
        'changes far inside the rare class; an even mix of classes wants it half-way. The two differ by the log of the '
        'ratio of frequencies.'
    )
    return figure(620, 190, parts, about)


def gains() -> str:
    """What each method of the README's table gains on cross entropy, by shot group."""
    rows = results(FASHION)
    base = next(row for row in rows if row.method == BASELINE)
    others = [row for row in rows if row is not base]
    parts = [f'<line x1="{ZERO}" y1="20" x2="{ZERO}" y2="{30 + 44 * len(others)}" class="axis"/>']
    for number, row in enumerate(others):
        parts += _gain(30 + 44 * number, row, base)
    about = (
        f'Test accuracy in points against cross entropy ({_figures(base)}) on Fashion-MNIST-LT small, from the table '
        'of results: blue many, yellow medium, red few.'
    )
    return figure(620, 40 + 44 * len(others), parts, about)


PICTURES = {'tail': tail, 'boundary': boundary, 'gains': gains}


def _figures(row: Row) -> str:
    return ', '.join(f'{group} {row.figures[group]:g} %' for group in GROUPS)


def _gain(y: float, row: Row, base: Row) -> list[str]:
    """Three bars from the line of cross entropy, to the right for a gain."""
    parts = [text(ZERO - 140, y + 22, row.method, 'title', 'end')]
    for number, group in enumerate(GROUPS):
        gain = row.figures[group] - base.figures[group]
        top, width = y + number * 12, abs(gain) * 10
        start = ZERO if gain >= 0 else ZERO - width
        parts.append(f'<rect x="{start:g}" y="{top}" width="{width:g}" height="10" class="{group}"/>')
        words = f'{gain:+.1f}'
        parts.append(text(start + width + 4 if gain >= 0 else start - 4, top + 9, words, 'small', _side(gain)))
    return parts


def _side(gain: float) -> str:
    return 'start' if gain >= 0 else 'end'


def _bar(x: float, bottom: float, width: float, height: float, look: str) -> str:
    return f'<rect x="{x:g}" y="{bottom - height:g}" width="{width:g}" height="{height:g}" class="{look}"/>'


def _axis(x1: float, x2: float, y: float) -> str:
    return f'<line x1="{x1:g}" y1="{y:g}" x2="{x2:g}" y2="{y:g}" class="axis"/>'


def _at(value: float) -> float:
    return 200 + 80 * value


def _density(mean: float, share: float, look: str) -> str:
    """The curve of a class: its share times a Gaussian of spread 1."""
    values = [mean + step / 10 for step in range(-30, 31)]
    points = ' '.join(f'{_at(x):g},{180 - 165 * share * math.exp(-((x - mean) ** 2) / 2):.1f}' for x in values)
    return f'<polyline points="{points}" class="curve {look}"/>'
