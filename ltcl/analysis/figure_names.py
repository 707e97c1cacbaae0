"""Names in a figure: what a font can draw and nothing that matplotlib would compute."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..neutral_text import visible

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_LABEL = 30
# Two dollar signs would enclose a formula, and one that is none ends the drawing.
PLAIN_TEXT: dict[str, Any] = {'text.parse_math': False}
# They have a sign for every character: a box, or a picture that matplotlib cannot draw.
USELESS_FONTS = ('Last Resort', 'LastResort', 'Noto Color Emoji')


@dataclass(frozen=True)
class FigureNames:
    """Names as they are drawn.

    Attributes:
        labels: One a name: shortened, or its number where no installed font has its characters.
        style: Settings of matplotlib under which they must be drawn.
        note: Tells what the numbers stand for; empty if there are none.
    """

    labels: list[str]
    style: Any
    note: str

    def legend_columns(self, width: float, font_size: float) -> int:
        """How many columns of a legend, at most six, fit into a width in inches."""
        longest = max(map(len, self.labels), default=0) + 6  # the patch and the gap after it
        return max(1, min(6, int(width * 72 / (0.6 * font_size * longest))))

    def draw_legend(self, figure: Figure, handles: Sequence, loc: Any, font_size: float = 10) -> None:
        """Draw the names beside what they are the names of, in as many columns as the figure is wide for."""
        from matplotlib import rc_context

        columns = self.legend_columns(figure.get_figwidth(), font_size)
        text: Any = dict(title=self.note, title_fontsize=8, fontsize=font_size)
        with rc_context(self.style):
            figure.legend(handles, self.labels, loc=loc, **text, ncols=columns, frameon=False)


def figure_names(
    names: Sequence[object], numbers: Iterable[int], word: str = 'class', where: str = 'class_index in per_class.csv'
) -> FigureNames:
    """Make names fit for a figure.

    Args:
        names: The names, of any script, with dollar signs and control characters.
        numbers: What stands for a name that cannot be drawn, such as the index of the class.
        word: What has these names.
        where: What these numbers are.
    """
    from matplotlib import rcParams

    shown = [visible(name, width=MAX_LABEL) for name in names]
    families, missing = _fonts_for(set().union(*shown))
    can_draw = [bool(name.strip()) and missing.isdisjoint(name) for name in shown]
    labels = [name if fine else f'{word} {number}' for name, number, fine in zip(shown, numbers, can_draw, strict=True)]
    note = '' if all(can_draw) else f'"{word} n" has a name that no font here can draw: n is the {where}'
    style = {**PLAIN_TEXT, 'font.family': [*rcParams['font.family'], *families]}
    return FigureNames(labels, style, note)


def _fonts_for(characters: set[str]) -> tuple[list[str], set[str]]:
    """Families that draw what the usual one lacks, those that draw most first, and the characters that none has."""
    from matplotlib.font_manager import FontProperties, findfont, fontManager

    missing = _lacks(findfont(FontProperties()), characters)
    families: list[str] = []
    if missing:
        regular = {font.name: font.fname for font in fontManager.ttflist if font.style == 'normal'}
        lacks = {name: _lacks(path, missing) for name, path in sorted(regular.items())}
        while missing and lacks:
            best = min(lacks, key=lambda name: (len(lacks[name] & missing), 'Sans' not in name))
            if missing <= lacks[best]:
                break
            families.append(best)
            missing &= lacks[best]
    return families, missing


def _lacks(path: str, characters: Iterable[str]) -> set[str]:
    """Characters that a font has no sign for, all of them if it cannot be used."""
    from matplotlib.ft2font import FT2Font

    try:
        font = FT2Font(path)
    except (OSError, RuntimeError):
        return set(characters)
    is_useless = font.family_name.startswith(USELESS_FONTS) or not font.scalable
    return {each for each in characters if is_useless or not font.get_char_index(ord(each))}
