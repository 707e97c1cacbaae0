"""Which columns of a table tell the part that an image belongs to."""

import re
from typing import TYPE_CHECKING

from ..errors import UserError
from ..neutral_text import shorten
from ..notices import warn
from .folder_names import PARTS, part_of

if TYPE_CHECKING:
    import pandas as pd

# Spaces, marks and capitals do not count, here as in all headings.
PART_HEADINGS = ('split', 'set', 'dataset', 'subset', 'partition', 'phase', 'usage', 'part')
PARTS_OF_CELLS = {'eval': 'val', 'publictest': 'val', 'privatetest': 'test'}  # the last two of competitions
# Begins the headings of columns that say yes or no: is_valid, is_test.
IS = 'is'
YES_AND_NO = {'1': True, 'true': True, 'yes': True, '0': False, 'false': False, 'no': False}
FOLD_HEADINGS = ('fold', 'folds', 'kfold', 'foldid')


class UnclearParts(UserError):
    """A list whose column of parts has a cell that says none, or whose columns say two."""


def key_of(heading: str) -> str:
    """A heading as it is compared with others."""
    return re.sub(r'[\W_]+', '', heading.lower())


def parts_of(
    cells: 'pd.DataFrame', keys: dict[int, str], has_label: bool, path: str
) -> tuple['pd.Series | None', list[int]]:
    """The part of each image, and the columns that tell it.

    A column ``split``, ``set``, ... names it. Columns ``is_valid``, ``is_test``, ``is_train`` say yes or no, and so do
    ``valid``, ``test`` and ``train``, which may be classes where no other column is headed as their label. An image
    that is of none of these parts is of the first that has no column: train, val, test.

    Args:
        cells: Text of all cells, without the line of headings.
        keys: Heading of each column, see :func:`key_of`.
        has_label: Whether a column is headed as the label.
        path: The list file, for the message.

    Returns:
        'train', 'val' or 'test' of each row; None: no column tells.

    Raises:
        UnclearParts: Some cells of a column say a part and others do not, or a row is of two parts or of none.
    """
    for column in (column for column, key in keys.items() if key in PART_HEADINGS):
        if (parts := _named_parts(cells[column], keys[column], path)) is not None:
            return parts, [column for column, key in keys.items() if key in PART_HEADINGS]
    flags = {column: part for column, key in keys.items() if (part := _flagged_part(key, has_label))}
    flags = {column: part for column, part in flags.items() if cells[column].str.lower().isin([*YES_AND_NO]).all()}
    if not flags or len(keys) < 3:  # of two columns one is the label
        return None, []
    return _flagged_parts(cells[[*flags]], flags, path), [*flags]


def warn_of_unread_parts(cells: 'pd.DataFrame', keys: dict[int, str], label: int | None, path: str) -> None:
    """Tell of columns that divide the images in another way."""
    for column, key in keys.items():
        is_meant = key in ('split', 'subset', *FOLD_HEADINGS) or _flagged_part(key)
        if is_meant and column != label:
            warn(
                f'{path}: its column {key} is not read, since it says {shorten(cells[column].unique().tolist())}, not '
                'train, val and test'
            )


def _named_parts(cells: 'pd.Series', key: str, path: str) -> 'pd.Series | None':
    parts = cells.map({name: _part_of_cell(name) for name in cells.unique()})
    unclear = parts.isna()
    if unclear.any() and not unclear.all():
        line = unclear.idxmax()
        raise UnclearParts(
            f'{path}, line {line}: the column {key} says {cells[line]!r} where others say '
            f'{parts[~unclear].iloc[0]} ({unclear.sum()} such lines): write train, val or test, or head the column '
            'otherwise if it tells no part'
        )
    return None if unclear.any() else parts


def _part_of_cell(name: str) -> str | None:
    part = part_of(name) or key_of(name)
    return part if part in PARTS else PARTS_OF_CELLS.get(part)


def _flagged_part(key: str, is_bare: bool = False) -> str | None:
    part = part_of(key.removeprefix(IS)) if is_bare or key.startswith(IS) else None
    return part if part in PARTS else None


def _flagged_parts(cells: 'pd.DataFrame', flags: dict[int, str], path: str) -> 'pd.Series':
    is_of = cells.apply(lambda column: column.str.lower().map(YES_AND_NO)).T.groupby(flags).any().T
    rest = next((part for part in PARTS if part not in is_of), None)
    number = is_of.sum(axis=1)
    unclear = (number > 1) | ((number == 0) & (rest is None))
    if unclear.any():
        line = unclear.idxmax()
        raise UnclearParts(
            f'{path}, line {line}: {number[line]} of the columns that tell {", ".join(is_of)} say yes '
            f'({unclear.sum()} such lines): each image belongs to one part, correct the line'
        )
    return is_of.idxmax(axis=1).where(number > 0, rest)
