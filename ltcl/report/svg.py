"""Pieces of pictures in SVG. Colours are classes of the page's style, so that they follow light and dark."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape


def tag(name: str, *content: str, **attributes: object) -> Markup:
    """An element; everything in it that is not marked up already is escaped.

    Args:
        name: Its name.
        *content: What stands in it.
        **attributes: ``class_`` is ``class``, and ``_`` in a name is ``-``; numbers are rounded.
    """
    words = ''.join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_short(value))}"' for key, value in attributes.items()
    )
    inner = Markup('').join(content)
    return Markup(f'<{name}{words}>{inner}</{name}>' if inner else f'<{name}{words}/>')


def _short(value: object) -> object:
    return f'{value:.1f}'.removesuffix('.0') if isinstance(value, float) else value


def picture(width: float, height: float, title: str, content: Iterable[str], kind: str = '') -> Markup:
    """A picture that is as wide as the page allows."""
    words = dict(viewBox=f'0 0 {width:g} {height:g}', role='img', aria_label=title, class_=f'picture {kind}'.strip())
    return tag('svg', *content, **words)


def label(text: str, x: float, y: float, anchor: str = 'start', **attributes: object) -> Markup:
    """A line of text."""
    return tag('text', text, x=float(x), y=float(y), text_anchor=anchor, **attributes)


def rect(x: float, y: float, width: float, height: float, kind: str, tip: str = '', **attributes: object) -> Markup:
    """A filled rectangle with what is shown when one points at it."""
    place = dict(x=float(x), y=float(y), width=float(max(width, 0)), height=float(max(height, 0)), class_=kind)
    return tag('rect', *([tag('title', tip)] if tip else []), **place, **attributes)


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    """A straight line."""
    return tag('line', x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), class_=kind)


def path(points: Sequence[tuple[float, float]], kind: str) -> Markup:
    """A line through points."""
    return tag('path', d='M' + 'L'.join(f'{x:.1f} {y:.1f}' for x, y in points), class_=f'line {kind}')


@dataclass(frozen=True)
class Box:
    """Where a diagram lies in its picture, and what its corners stand for.

    Attributes:
        left, top, width, height: Its place.
        x_range, y_range: Values at its left and right, and at its bottom and top.
    """

    left: float
    top: float
    width: float
    height: float
    x_range: tuple[float, float] = (0, 1)
    y_range: tuple[float, float] = (0, 100)

    def x(self, value: float) -> float:
        """Place of a value from left to right."""
        low, high = self.x_range
        return self.left + (value - low) / ((high - low) or 1) * self.width

    def y(self, value: float) -> float:
        """Place of a value from top to bottom."""
        low, high = self.y_range
        return self.top + self.height - (value - low) / ((high - low) or 1) * self.height

    def grid(self, ticks: Iterable[tuple[float, str]]) -> list[Markup]:
        """Lines from left to right with what they stand for."""
        parts = []
        for value, text in ticks:
            parts.append(line(self.left, self.y(value), self.left + self.width, self.y(value), 'grid'))
            parts.append(label(text, self.left - 6, self.y(value) + 4, 'end', class_='tick'))
        return parts
