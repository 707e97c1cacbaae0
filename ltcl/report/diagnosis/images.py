"""What is wrong with the images that a model was measured on."""

from collections.abc import Sequence

import numpy as np

from ..charts import groups_of, pairs
from ..class_rows import ClassRow
from ..same_images import Copies
from .finding import MAX_NAMED, Finding

WIDE = 30
MANY_COPIES = 0.01


def too_few_images(rows: Sequence[ClassRow], images: str, score: str = 'accuracy') -> Finding:
    """Classes whose 95 % interval is wider than 30 points, and those without any image."""
    known = [row for row in rows if row.figures['low'] is not None]
    wide = [row for row in known if (row.figures['high'] or 0) - (row.figures['low'] or 0) > WIDE]
    absent = [row for row in rows if not row.test]
    if not wide and not absent:
        text = f'Each class has enough {images} to know its {score} within {WIDE // 2} points.'
        return Finding('few_images', False, f'Each class has enough {images}', text)
    worst = sorted(wide, key=lambda row: (row.test, row.index))[:MAX_NAMED]
    bars = [(row.name, row.figures['low'] or 0.0, row.figures['high'] or 0.0) for row in worst]
    few = len(wide) + len(absent)
    title = f'{few:,} of {len(rows):,} classes {"have" if few > 1 else "has"} too few {images}'
    text = ' '.join([*_wide_text(wide, worst, images, score), *_absent_text(absent, images)])
    figure = pairs(bars, ('at least', 'at most'), ' %') if bars else None
    return Finding('few_images', True, title, text, figure)


def _wide_text(wide: Sequence[ClassRow], worst: Sequence[ClassRow], images: str, score: str) -> list[str]:
    if not wide:
        return []
    parts = [
        f'{row.name} ({row.test} image{"s" if row.test != 1 else ""}: '
        f'{row.figures["low"]:.0f} to {row.figures["high"]:.0f} %)'
        for row in worst
    ]
    return [
        f'With so few {images} the {score} of a class is known only within its interval (95 %): '
        f'{", ".join(parts)}{_more(wide)}. Trust the groups rather than these classes, or add images.'
    ]


def _absent_text(absent: Sequence[ClassRow], images: str) -> list[str]:
    if not absent:
        return []
    names = ', '.join(row.name for row in absent[:MAX_NAMED])
    return [f'Nothing is known of {names}{_more(absent)}: no {images} are of {"it" if len(absent) == 1 else "them"}.']


def _more(rows: Sequence[ClassRow]) -> str:
    return f' and {len(rows) - MAX_NAMED:,} more' if len(rows) > MAX_NAMED else ''


def copied_images(labels: np.ndarray, rows: Sequence[ClassRow], copies: Copies, images: str) -> Finding | None:
    """Whether a picture has several labels, or more than one in a hundred images is a copy of another one.

    None where no copy was found and no image could be told by its scores, as of two or three classes.
    """
    number, names = len(labels), {row.index: row.name for row in rows}
    if not copies.groups and copies.number < number:
        text = (
            f'No two of the {copies.number:,} of {number:,} {images} that scores can tell apart are the same picture.'
        )
        return Finding('copies', False, 'No copy was found', text) if copies.number else None
    if not copies.groups:
        text = f'No two of the {number:,} {images} are the same picture.'
        return Finding('copies', False, 'No image is there twice', text)
    extra = np.array([place for group in copies.groups for place in group[1:]])
    torn = [sorted({int(labels[place]) for place in group}) for group in copies.groups]
    torn = [several for several in torn if len(several) > 1]
    is_ill = bool(torn) or len(extra) > MANY_COPIES * number
    bars = [
        (group, float(np.isin(labels, members).sum()), float(np.isin(labels[extra], members).sum()))
        for group, members in groups_of(rows).items()
    ]
    figure = pairs(bars, ('images', 'of them copies of another one'))
    text = (
        f'{len(extra):,} of the {number:,} {images} {"are copies" if len(extra) > 1 else "is a copy"} of another one, '
        'and counts each time.'
    )
    if not torn:
        return Finding('copies', is_ill, f'{len(extra):,} {images} are copies', text, figure)
    shown = '; '.join(' and '.join(names[label] for label in several) for several in torn[:MAX_NAMED])
    more = f'; and {len(torn) - MAX_NAMED:,} more' if len(torn) > MAX_NAMED else ''
    text += (
        f' {len(torn):,} picture{"s have" if len(torn) > 1 else " has"} several labels, so that no answer is right for '
        f'all of its copies: {shown}{more}.'
    )
    title = f'{len(torn):,} picture{"s contradict themselves" if len(torn) > 1 else " contradicts itself"}'
    return Finding('copies', True, title, text, figure)
