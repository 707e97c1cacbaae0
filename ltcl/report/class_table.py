"""The table of the classes, on the page and as a CSV file."""

from collections.abc import Sequence
from typing import NamedTuple

from ltcl.neutral_text import csv_text

from .class_rows import FIGURES, ClassRow


class Column(NamedTuple):
    """A column of figures.

    Attributes:
        title: What stands over it.
        name: Name of the figure.
        tip: What it is.
    """

    title: str
    name: str
    tip: str = ''


PRECISION = Column('precision', 'precision', 'share of its answers that are right')
OF_ANSWERS = [
    PRECISION,
    Column('F1', 'f1', 'harmonic mean of precision and recall'),
    Column('AUROC', 'auroc', 'of the class against all others'),
    Column('confidence', 'confidence', 'mean probability of the answers to its images'),
]
ACCURACY = Column('accuracy', 'accuracy', 'share of its pixels that are answered right, in %')


def figure_columns(rows: Sequence[ClassRow], score: str) -> list[Column]:
    """Columns behind the score and its interval that have a figure of any class.

    Args:
        rows: The classes.
        score: ``accuracy`` or ``IoU``.
    """
    columns = OF_ANSWERS if score == 'accuracy' else [ACCURACY, PRECISION]
    return [each for each in columns if any(row.figures.get(each.name) is not None for row in rows)]


def class_csv(rows: Sequence[ClassRow], score: str) -> str:
    """The table as a CSV file.

    Args:
        rows: The classes.
        score: ``accuracy`` or ``IoU``.
    """
    figures = [name for name in FIGURES if (name == 'accuracy') <= (score == 'IoU')]
    names = ['IoU' if name == 'recall' and score == 'IoU' else name for name in figures]
    header = ['class', 'group', 'train', 'images', *names, 'answers', 'confusion', 'confusion_number']
    lines = [
        [
            *(row.name, row.group, row.train, row.test),
            *(None if (value := row.figures[name]) is None else round(value, 4) for name in figures),
            *(row.given, *(row.confusion[:2] if row.confusion else (None, None))),
        ]
        for row in rows
    ]
    return csv_text(header, lines)
