"""Reading of list files: one image and its label a line, as text or CSV."""

import codecs
import csv
import io
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from mmengine.fileio import get, get_file_backend

from .. import notices
from ..errors import UserError
from ..neutral_text import shorten
from ..value_ranges import check_choice
from .checked_sample import CHECKS, indices_to_check
from .image_kinds import has_image_suffix
from .list_columns import UnlabelledList, is_heading, path_and_label

if TYPE_CHECKING:
    import pandas as pd

SAMPLE_SIZE = 256
TABLE_SUFFIXES = ('.csv', '.tsv')
UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_rows(path: str, argument: str = 'ann_file', tells: str = 'label') -> 'pd.DataFrame':
    """Paths and labels of a list file as they stand there, with white space around them cut and slashes forward.

    A line is ``path label``, where the label is the last word, or ``path,label`` (or a tab or ``;``), with or without a
    line of headings. More than two columns need headings, see :func:`ltcl.datasets.list_columns.path_and_label`. Empty
    lines are left out.

    Args:
        path: The list file; of a remote storage if mmengine knows its prefix.
        argument: Name of the option that holds the path, for the message.
        tells: What the list tells of an image, 'label' or 'group'.

    Returns:
        Columns ``path`` and ``label``, both text, one row an image. The index is the number of the line.

    Raises:
        UnlabelledList: It names images, but no label.
        UserError: The file cannot be read or names no image, or a line has another form.
    """
    text = read_text(path, argument)
    separator = _separator(text, path)
    is_table = path.lower().endswith(TABLE_SUFFIXES)
    if separator is None or (separator == '\t' and not is_table):
        rows = _split_words(text, separator, path)
    else:
        rows = _split_cells(text, separator, path, tells)
    if rows.empty:
        raise UserError(f'the list {path} names no image: each line must be "relative/path label"')
    if '\\' in text:
        rows['path'] = rows['path'].str.replace('\\', '/', regex=False)
    return rows


def read_text(path: str, argument: str) -> str:
    """Text of a file in UTF-8, or in what its byte order mark says, with ``\\n`` at the end of each line.

    Raises:
        UserError: It cannot be read; the message names the argument that holds the path.
    """
    try:
        content = get(path)
        text = content.decode(_encoding(content))
    except UnicodeError as error:
        raise UserError(
            f'cannot read the list {path} ({error}): save it as text in UTF-8 or set {argument} of the data set'
        ) from error
    except OSError as error:
        raise UserError(
            f'cannot read the list {path} ({error.strerror or error}): put it there or set {argument} of the data set'
        ) from error
    if '\0' in text:
        raise UserError(f'cannot read the list {path} (it is no text): save it as text in UTF-8')
    return text.replace('\r\n', '\n').replace('\r', '\n') if '\r' in text else text


def _encoding(content: bytes) -> str:
    """What the byte order mark of a text says; spreadsheets write one."""
    for encoding, marks in (('utf-32', (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)), ('utf-16', UTF16_MARKS)):
        if content.startswith(marks):
            return encoding
    return 'utf-8-sig'


def check_duplicates(rows: 'pd.DataFrame', path: str, warn: bool = True) -> np.ndarray:
    """Warn of images that are named more than once.

    Args:
        rows: Result of :func:`read_rows`.
        path: The list file, for the message.
        warn: False only refuses contradictions.

    Returns:
        Which rows are repetitions of an earlier one, bool, shape (N,).

    Raises:
        UserError: The same image has two labels; both lines are named.
    """
    repeated = rows['path'].duplicated()
    if not repeated.any():
        return repeated.to_numpy()
    several = rows[rows['path'].duplicated(keep=False)]
    conflicts = several.groupby('path', sort=False)['label'].nunique().loc[lambda count: count > 1]
    if len(conflicts):
        both = several[several['path'] == conflicts.index[0]].drop_duplicates('label')
        (one, first), (other, second) = both['label'].iloc[:2].items()
        raise UserError(
            f'{path}: {conflicts.index[0]} has the label {first} in line {one} and {second} in line {other}: keep one'
        )
    if warn:
        line = repeated.idxmax()
        notices.warn(
            f'{path}: {repeated.sum()} lines repeat an image of an earlier one, the first is line {line} '
            f'({rows["path"][line]})'
        )
    return repeated.to_numpy()


def check_files(paths: Sequence[str], rows: 'pd.DataFrame', path: str, how: str) -> None:
    """Refuse a list whose images are not there, before hours of training find it out.

    Args:
        paths: Path of each row's image, folder included.
        rows: Result of :func:`read_rows`.
        path: The list file, for the message.
        how: 'sample' looks for 256 images, drawn once for all runs, which costs nothing on a network drive; 'all' for
            every image; 'none' for no image.

    Raises:
        UserError: One is missing, with its line, or ``how`` is unknown.
    """
    check_choice('check_files', how, CHECKS)
    chosen = indices_to_check(len(paths), how, SAMPLE_SIZE)
    if not chosen:
        return
    exists = get_file_backend(paths[0], enable_singleton=True).isfile
    with ThreadPoolExecutor(16) as pool:
        is_there = list(pool.map(exists, [paths[i] for i in chosen]))
    missing = [i for i, there in zip(chosen, is_there, strict=True) if not there]
    if missing:
        raise UserError(
            f'{path}, line {rows.index[missing[0]]}: the image {paths[missing[0]]} does not exist '
            f'({len(missing)} of {len(chosen)} images looked for are missing): correct data_root or the list'
        )


def warn_of_empty_classes(labels: np.ndarray, classes: Sequence[str], source: str) -> None:
    """Warn of classes that have no training image: no method can learn them.

    Args:
        labels: Class of each training image, int64, shape (N,).
        classes: Names of all classes.
        source: Where the images come from, for the message.
    """
    empty = [classes[label] for label in np.flatnonzero(np.bincount(labels, minlength=len(classes)) == 0).tolist()]
    if empty:
        notices.warn(f'{source}: {len(empty)} of {len(classes)} classes have no training image: {shorten(empty)}')


def _separator(text: str, path: str) -> str | None:
    """The mark between the cells of a line; None: white space."""
    lines = [line.strip() for line in text.split('\n')]
    lines = [line for line in lines if line]
    is_table = path.lower().endswith(TABLE_SUFFIXES)
    if lines and all('\t' in line if is_table else line.count('\t') == 1 for line in lines):
        return '\t'
    if not is_table and (mark := next((mark for mark in ',;|' if _parts_images(lines[:20], mark)), None)):
        return mark
    if not lines or (not is_table and len(lines[0].split()) > 1):
        return None
    marks = [mark for mark in ',;|' if mark in lines[0]]
    even = [mark for mark in marks if len({len(row) for row in csv.reader(lines[:20], delimiter=mark)}) == 1]
    return next(iter(even + marks), None)


def _parts_images(lines: list[str], mark: str) -> bool:
    """Whether each line, but for headings, has an image on one side of the only mark; white space may be of names."""
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=mark)]
    rows = rows[1:] if rows and is_heading(rows[0]) else rows
    return bool(rows) and all(len(row) == 2 and sum(map(has_image_suffix, row)) == 1 for row in rows)


def _split_words(text: str, mark: str | None, path: str) -> 'pd.DataFrame':
    import pandas as pd  # a fifth of a second, which other data sets need not pay for

    # No list a line is kept: half a million of them would set off the garbage collector time and again.
    lines = list(map(str.strip, text.split('\n')))
    labels = [line.rsplit(mark, maxsplit=1)[-1] if line else '' for line in lines]
    paths = [line.removesuffix(label).rstrip() for line, label in zip(lines, labels, strict=True)]
    rows = pd.DataFrame({'path': paths, 'label': labels}, index=range(1, len(lines) + 1), dtype=object)
    rows = rows[rows['label'] != '']
    has_headings = len(rows) and is_heading(rows.iloc[0].tolist())
    broken = rows['path'] == ''
    if len(rows) and broken.all() and (has_headings or has_image_suffix(rows['label'].iloc[0])):
        raise UnlabelledList(f'{path} names images, but no label: each line must be "relative/path label"')
    if has_headings:
        rows, broken = rows.iloc[1:], broken.iloc[1:]
    if broken.any():
        line = broken.idxmax()
        raise UserError(f'{path}, line {line}: expected "relative/path label", got {rows["label"][line]!r}')
    return rows


def _split_cells(text: str, separator: str, path: str, tells: str) -> 'pd.DataFrame':
    import pandas as pd

    try:
        cells = pd.read_csv(
            io.StringIO(text), sep=separator, header=None, dtype=object, skip_blank_lines=False, keep_default_na=False
        )
    except pd.errors.ParserError as error:
        place = re.search(r'line (\d+)', str(error))
        raise UserError(
            f'{path}, line {place[1] if place else "?"}: cannot be split into the cells of the first line '
            f'({str(error).strip()}): put cells that hold a {separator!r} in double quotes'
        ) from error
    cells.index += 1
    cells = cells.fillna('').apply(lambda column: column.str.strip())
    cells = cells[(cells != '').any(axis=1)]
    rows = path_and_label(cells, path, tells)
    broken = (rows['path'] == '') | (rows['label'] == '')
    if broken.any():
        line = broken.idxmax()
        found = separator.join(cells.loc[line])
        raise UserError(f'{path}, line {line}: expected "relative/path{separator}label", got {found!r}')
    return rows
