"""Boxes, arrows and words of a drawing; colours are those of the page, light or dark."""

from html import escape
from typing import NamedTuple

LINE = 17
ARROW = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0 L8 4 L0 8 z" class="tip"/></marker></defs>'
)


class Box(NamedTuple):
    """A rectangle with lines of text; the first is its title."""

    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]
    look: str = ''

    @property
    def middle(self) -> float:
        """Height of its middle."""
        return self.y + self.height / 2

    @property
    def right(self) -> float:
        """Its right side."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower side."""
        return self.y + self.height

    def drawn(self) -> str:
        """As elements of SVG."""
        top = self.middle - (len(self.lines) - 1) * LINE / 2 + 4
        rows = (
            text(self.x + self.width / 2, top + number * LINE, line, 'small' if number else 'title')
            for number, line in enumerate(self.lines)
        )
        look = f'box {self.look}'.strip()
        rectangle = f'<rect x="{self.x:g}" y="{self.y:g}" width="{self.width:g}" height="{self.height:g}" rx="6"'
        return f'{rectangle} class="{look}"/>{"".join(rows)}'


def text(x: float, y: float, words: str, look: str = 'small', anchor: str = 'middle') -> str:
    """Words at a place."""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" class="{look}">{escape(words)}</text>'


def arrow(x1: float, y1: float, x2: float, y2: float, look: str = '') -> str:
    """An arrow from one place to another."""
    return (
        f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" class="{f"arrow {look}".strip()}" '
        'marker-end="url(#tip)"/>'
    )


def figure(width: float, height: float, parts: list[str], about: str) -> str:
    """A figure for a page: it scrolls where the screen is too narrow for its words.

    Args:
        width: Of the drawing.
        height: Of the drawing.
        parts: Elements of SVG.
        about: What it shows, for those who do not see it; also its caption.
    """
    inner = ''.join(parts)
    return (
        f'<figure class="drawing"><div><svg viewBox="0 0 {width:g} {height:g}" style="min-width:{width * 0.72:g}px" '
        f'role="img" aria-label="{escape(about)}">{ARROW}{inner}</svg></div><figcaption>{escape(about)}</figcaption>'
        '</figure>'
    )
