"""The confusion matrix, its classes ordered by size; neighbours are taken together where there are many."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from ltcl.neutral_text import csv_text

from .charts import bunch, shorten
from .class_rows import ClassRow, are_counts_known
from .confusions import Confusions
from .svg import label, picture, rect

MAX_SINGLE = 40
MAX_CSV_LINES = 20_000


@dataclass(frozen=True)
class Matrix:
    """Confusions of classes or of groups of neighbours in size.

    Attributes:
        names: Of rows and columns.
        group_of: Row of each class, by its label, shape (num_classes,).
        counts: Images or pixels by true and predicted group, shape (groups, groups).
        is_grouped: Whether a row stands for several classes.
        counted: What is counted, ``images`` or ``pixels``.
    """

    names: list[str]
    group_of: np.ndarray
    counts: np.ndarray
    is_grouped: bool
    counted: str = 'images'


def build_matrix(confusions: Confusions, rows: Sequence[ClassRow]) -> Matrix:
    """Sum confusions of classes, or of at most 20 groups of them where there are more than 40 classes."""
    is_grouped = len(rows) > MAX_SINGLE
    parts = bunch(len(rows), 20 if is_grouped else MAX_SINGLE)
    group_of: np.ndarray = np.zeros(len(rows), dtype=np.int64)
    names = []
    for number, (start, stop) in enumerate(parts):
        members = rows[start:stop]
        group_of[[row.index for row in members]] = number
        names.append(f'{_span(members)} ({stop - start})' if is_grouped else members[0].name)
    counts = np.zeros((len(parts), len(parts)), dtype=np.int64)
    for (true, predicted), number in confusions.pairs.items():
        counts[group_of[true], group_of[predicted]] += number
    return Matrix(names, group_of, counts, is_grouped, confusions.counted)


def _span(members: Sequence[ClassRow]) -> str:
    first, last = members[0], members[-1]
    return f'{first.train:,}-{last.train:,}' if are_counts_known(members) else f'{first.name} to {last.name}'


def draw_matrix(matrix: Matrix) -> Markup:
    """Rows are true classes, and each row is shaded by its shares; a cell carries the numbers of its row and column."""
    size, left, top = len(matrix.names), 150, 118
    cell = max(12.0, min(34.0, 480 / size))
    shares = matrix.counts / np.maximum(matrix.counts.sum(1, keepdims=True), 1)
    parts = [label('true ↓  predicted →', 4, top - 8, class_='axis')]
    for place, name in enumerate(matrix.names):
        middle = top + cell * (place + 0.5) + 4
        parts.append(label(shorten(name, 22), left - 6, middle, 'end', class_='tick'))
        x = left + cell * (place + 0.5) + 4
        parts.append(label(shorten(name, 17), x, top - 6, class_='tick', transform=f'rotate(-60 {x:.0f} {top - 6})'))
    parts.append(rect(left, top, cell * size, cell * size, 'ground'))
    for true, predicted in zip(*np.nonzero(matrix.counts), strict=True):
        number, share = int(matrix.counts[true, predicted]), float(shares[true, predicted])
        tip = f'{matrix.names[true]} → {matrix.names[predicted]}: {number:,} ({100 * share:.0f} %)'
        kind = 'cell right' if true == predicted and not matrix.is_grouped else 'cell'
        words = dict(
            fill_opacity=f'{0.08 + 0.92 * share:.2f}', tabindex=0, data_true=int(true), data_pred=int(predicted)
        )
        x, y = left + cell * predicted, top + cell * true
        parts.append(rect(x, y, cell - 1, cell - 1, kind, tip, role='button', **words))
        text = str(number) if matrix.counted == 'images' else f'{100 * share:.0f}'
        if cell >= 22 and len(text) < 5:
            strong = 'number strong' if share > 0.45 else 'number'
            parts.append(label(text, x + cell / 2, y + cell / 2 + 4, 'middle', class_=strong))
    width = left + cell * size + 70
    return picture(width, top + cell * size + 8, 'Confusion matrix', parts, 'matrix')


def confusion_csv(confusions: Confusions, rows: Sequence[ClassRow]) -> str:
    """Pairs of classes with the images or pixels of each, the most frequent ones first, as a CSV file."""
    names = {row.index: row.name for row in rows}
    pairs = sorted(confusions.pairs.items(), key=lambda each: -each[1])[:MAX_CSV_LINES]
    lines = [(names[true], names[predicted], number) for (true, predicted), number in pairs]
    return csv_text(['true', 'predicted', confusions.counted], lines)
