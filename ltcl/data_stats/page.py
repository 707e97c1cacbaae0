"""The page about a data set: one file that opens anywhere."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup

from ltcl.neutral_text import visible
from ltcl.report.page import data_uri, environment

from .thumbnails import small_pictures
from .verdict import NOTHING

MAX_NAME = 60
# Classes with pictures: all of so many; of more the largest, the smallest, and some between them.
MOST_SHEETS, ENDS = 100, 30
# All pictures together: the page stays below 3 MB with a table of 100 classes.
MAX_BYTES = 2_300_000


class Figure(NamedTuple):
    """A small picture.

    Args:
        key: Which picture it is.
        caption: What stands below it.
        tip: What is shown when one points at it.
    """

    key: Hashable
    caption: str
    tip: str


class Strip(NamedTuple):
    """Pictures that belong together: title, remark, pictures."""

    title: str
    remark: str
    figures: list[Figure]


class Part(NamedTuple):
    """A part of the page with pictures.

    Args:
        key: What its link is called.
        title: Its heading.
        remark: What one sees there.
        strips: The pictures.
        table: Name and content of a CSV file with all of it; None without.
    """

    key: str
    title: str
    remark: str
    strips: list[Strip]
    table: tuple[str, str] | None = None


class Column(NamedTuple):
    """Heading of a column: title, ``text`` or nothing for numbers, what it is."""

    title: str
    kind: str = ''
    tip: str = ''


class Row(NamedTuple):
    """A class in the table: name, shot group, and further cells, each a text or a text with what it is sorted by."""

    name: str
    group: str
    cells: list[str | tuple[str, float]]


@dataclass
class Page:
    """What a page shows. All text in it is safe to show, and escaped for HTML when it is rendered.

    Attributes:
        title: Name of the data set.
        remark: What it is, in a line.
        tiles: Figures with what they are.
        verdict: Sentences on what follows.
        tail: Picture of the sizes of the classes.
        columns: Headings behind class and group.
        rows: The classes, the largest first.
        table: Name and content of the file with all classes.
        facts: Further figures, a line each.
        parts: With pictures.
    """

    title: str
    remark: str
    tiles: list[tuple[str, str]]
    verdict: list[str]
    tail: Markup
    columns: list[Column]
    rows: list[Row]
    table: tuple[str, str]
    facts: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)


def render(page: Page, make: Callable[[Any], str | None]) -> str:
    """The page as HTML.

    Args:
        page: What it shows.
        make: Makes the small picture of a key, a data URI; None where it cannot be made.
    """
    wanted = [each.key for part in page.parts for strip in part.strips for each in strip.figures]
    pictures = small_pictures(make, wanted)
    size = sum(len(pictures.get(key, '')) for key in wanted)
    words = dict(
        page=page,
        title=page.title,
        is_well=page.verdict == [NOTHING],
        parts=page.parts if size <= MAX_BYTES else [_fewer(part, MAX_BYTES / size) for part in page.parts],
        pictures=pictures,
        data_uri=data_uri,
    )
    templates = environment()
    templates.filters['capital'] = lambda text: text[:1].upper() + text[1:]
    return templates.get_template('stats.html.j2').render(words)


def _fewer(part: Part, share: float) -> Part:
    """The part with a share of the pictures of each strip, one at least."""
    strips = [strip._replace(figures=strip.figures[: max(1, int(share * len(strip.figures)))]) for strip in part.strips]
    return part._replace(strips=strips)


def shown(text: object) -> str:
    """A name as it may stand on the page."""
    return visible(text, width=MAX_NAME)


def chosen_classes(order: Sequence[int]) -> list[int]:
    """Classes with pictures: all, or the first, the last, and some between them, evenly spread.

    Args:
        order: Labels, the largest class first.
    """
    if len(order) <= MOST_SHEETS:
        return list(order)
    middle = spread(len(order) - 2 * ENDS, MOST_SHEETS - 2 * ENDS)
    return [*order[:ENDS], *(order[ENDS + i] for i in middle), *order[-ENDS:]]


def remark_on_sheets(number: int, pictures: str) -> str:
    """Which classes have pictures, in words."""
    if number <= MOST_SHEETS:
        return f'{pictures} of each class, the largest class first.'
    middle = MOST_SHEETS - 2 * ENDS
    return f'{pictures} of the {ENDS} largest classes, of {middle} between them and of the {ENDS} smallest ones.'


def spread(length: int, number: int) -> list[int]:
    """At most so many places, evenly spread over a length."""
    return np.unique(np.linspace(0, length - 1, min(length, number)).round().astype(int)).tolist() if length else []
