"""The tail of a data set as a picture."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from ltcl.report.charts import MAX_NAMED, MAX_SINGLE, WIDTH, bunch, shorten
from ltcl.report.count_axis import count_ticks, height_of
from ltcl.report.svg import Box, label, picture, rect, tag

LEFT, WIDE = 64, WIDTH - 74
# Width of a character of a name.
CHARACTER = 6


class Bar(NamedTuple):
    """A class in a picture of the tail.

    Args:
        name: Its name, safe to show.
        group: ``many``, ``medium`` or ``few``.
        value: Its training images or pixels.
        others: The same in the other parts.
    """

    name: str
    group: str
    value: int
    others: tuple[int, ...] = ()


def tail(bars: Sequence[Bar], counted: str, others: Sequence[str]) -> Markup:
    """How much there is of each class, on a logarithmic scale, the largest first.

    With more than 200 classes a bar is the mean of several neighbours.

    Args:
        bars: The classes, the largest first, at least one.
        counted: What is counted, such as ``training images``.
        others: Names of the other parts, whose counts are circles.
    """
    most = max(max(bar.value, *bar.others, 1) for bar in bars)
    ticks = count_ticks(most)
    box = Box(LEFT, 24, WIDE, 190, (0, len(bars)), (0, max(height_of(most), ticks[-1][0])))
    parts = [
        *box.grid(ticks),
        label(f'{counted} (log){"".join(f"; circles: {each}" for each in others)}', 4, 12, class_='axis'),
    ]
    for start, stop in bunch(len(bars), MAX_SINGLE):
        parts += _bars(bars[start:stop], (start + stop) / 2, box, counted, others)
    if len(bars) <= MAX_NAMED:
        width = WIDE // len(bars) // CHARACTER
        parts += [
            label(shorten(bar.name, width), box.x(i + 0.5), 230, 'middle', class_='tick') for i, bar in enumerate(bars)
        ]
    parts.append(label(f'{len(bars):,} classes, the largest first', LEFT + WIDE / 2, 246, 'middle', class_='axis'))
    return picture(WIDTH, 254, f'{counted} of {len(bars)} classes', parts, 'wide')


def _bars(members: Sequence[Bar], middle: float, box: Box, counted: str, others: Sequence[str]) -> list[Markup]:
    first = members[0]
    about = first.name if len(members) == 1 else f'{first.name} to {members[-1].name}'
    values = np.array([[bar.value, *bar.others] for bar in members]).mean(0).tolist()
    each = [f'{value:,.0f} {name}' for value, name in zip(values, (counted, *others), strict=True)]
    tip = f'{about}: {", ".join(each)}{"" if len(members) == 1 else " (mean)"}'
    width = max(0.6, (box.x(len(members)) - box.x(0)) * 0.8)
    kind = f'g-{members[len(members) // 2].group}'
    top = box.y(height_of(values[0]))
    parts = [rect(box.x(middle) - width / 2, top, width, box.y(0) - top, kind, tip)]
    for number, value in enumerate(values[1:]):
        place = dict(cx=box.x(middle), cy=box.y(height_of(value)), r=min(4.0, max(1.6, width / 2)))
        parts.append(tag('circle', tag('title', tip), class_=f'mark k{4 - number}', **place))
    return parts
