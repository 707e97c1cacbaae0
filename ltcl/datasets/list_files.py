"""Reading of list files: one image and its label a line, as text or CSV."""

import io
import logging
import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from mmengine.fileio import get_file_backend, get_text
from mmengine.logging import print_log

from ..errors import UserError

if TYPE_CHECKING:
    import pandas as pd

SAMPLE_SIZE = 256
CHECKS = ('sample', 'all', 'none')


def read_rows(path: str, argument: str = 'ann_file') -> 'pd.DataFrame':
    """Paths and labels of a list file as they stand there, with white space around them cut and slashes forward.

    A line is ``path label``, where the label is the last word, or ``path,label`` (or ``;``), with or without a line of
    headings. More than two columns need headings, two of which are ``path`` and ``label``. Empty lines are left out.

    Args:
        path: The list file; of a remote storage if mmengine knows its prefix.
        argument: Name of the option that holds the path, for the message.

    Returns:
        Columns ``path`` and ``label``, both text, one row an image. The index is the number of the line.

    Raises:
        UserError: The file cannot be read or names no image, or a line has another form.
    """
    text = read_text(path, argument)
    first = next((line for line in map(str.strip, text.split('\n')) if line), '')
    separator = _separator(first, path)
    rows = _split_words(text, path) if separator is None else _split_cells(text, separator, path)
    if rows.empty:
        raise UserError(f'the list {path} names no image: each line must be "relative/path label"')
    if '\\' in text:
        rows['path'] = rows['path'].str.replace('\\', '/', regex=False)
    return rows


def read_text(path: str, argument: str) -> str:
    """Text of a UTF-8 file without its byte order mark; the error names the argument that holds the path."""
    try:
        return get_text(path, encoding='utf-8-sig')
    except UnicodeDecodeError as error:
        raise UserError(
            f'cannot read the list {path} ({error}): save it as text in UTF-8 or set {argument} of the data set'
        ) from error
    except OSError as error:
        raise UserError(
            f'cannot read the list {path} ({error.strerror or error}): put it there or set {argument} of the data set'
        ) from error


def label_numbers(rows: 'pd.DataFrame', path: str, num_classes: int | None = None) -> np.ndarray:
    """Labels that are written as numbers, int64, shape (N,).

    Args:
        rows: Result of :func:`read_rows`.
        path: The list file, for the message.
        num_classes: Number of classes; None allows any label from 0.

    Raises:
        UserError: A label is no whole number, or outside the classes.
    """
    codes, texts = rows['label'].factorize()
    wrong = ~texts.str.fullmatch(r'[0-9]{1,9}')
    if wrong.any():
        line = rows.index[wrong[codes].argmax()]
        raise UserError(
            f'{path}, line {line}: the label of {rows["path"][line]} must be a whole number from 0, got '
            f'{rows["label"][line]!r}'
        )
    labels = texts.astype(np.int64).to_numpy()[codes]
    if num_classes is not None and labels.max() >= num_classes:
        place = (labels >= num_classes).argmax()
        raise UserError(
            f'{path}, line {rows.index[place]}: label {labels[place]} of {rows["path"].iloc[place]} is outside the '
            f'classes, 0 to {num_classes - 1}: mend the list or set num_classes'
        )
    return labels


def label_indices(rows: 'pd.DataFrame', path: str, classes: Sequence[str]) -> np.ndarray:
    """Labels that are written as numbers or as names of classes, int64, shape (N,).

    Args:
        rows: Result of :func:`read_rows`.
        path: The list file, for the message.
        classes: Names of all classes. Where every label is a number, numbers are meant, whatever the names are.

    Raises:
        UserError: A label is neither a name nor a number in range.
    """
    if are_numbers(rows):
        return label_numbers(rows, path, len(classes))
    labels = rows['label'].map({name: label for label, name in enumerate(classes)})
    if labels.isna().any():
        line = labels.isna().idxmax()
        raise UserError(
            f'{path}, line {line}: the label {rows["label"][line]!r} of {rows["path"][line]} is none of the '
            f'{len(classes)} classes ({shorten(classes)}): correct the label or add the class'
        )
    return labels.to_numpy(np.int64)


def are_numbers(rows: 'pd.DataFrame') -> bool:
    """Whether every label is written as a whole number."""
    return bool(rows['label'].factorize()[1].str.fullmatch(r'[0-9]+').all())


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
        print_log(
            f'{path}: {repeated.sum()} lines repeat an image of an earlier one, the first is line {line} '
            f'({rows["path"][line]})',
            logger='current',
            level=logging.WARNING,
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
    if how not in CHECKS:
        raise UserError(f'check_files must be one of {", ".join(CHECKS)}, got {how!r}')
    chosen = np.arange(0 if how == 'none' else len(paths))
    if how == 'sample' and len(paths) > SAMPLE_SIZE:
        chosen = np.sort(np.random.default_rng(0).choice(len(paths), SAMPLE_SIZE, replace=False))
    if not len(chosen):
        return
    exists = get_file_backend(paths[0], enable_singleton=True).isfile
    with ThreadPoolExecutor(16) as pool:
        missing = chosen[~np.fromiter(pool.map(exists, [paths[i] for i in chosen]), bool, len(chosen))]
    if len(missing):
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
    empty = [classes[label] for label in np.flatnonzero(np.bincount(labels, minlength=len(classes)) == 0)]
    if empty:
        print_log(
            f'{source}: {len(empty)} of {len(classes)} classes have no training image: {shorten(empty)}',
            logger='current',
            level=logging.WARNING,
        )


def shorten(names: Sequence[str], shown: int = 8) -> str:
    """The first names of many."""
    more = f' and {len(names) - shown} more' if len(names) > shown else ''
    return ', '.join(map(str, names[:shown])) + more


def _separator(first: str, path: str) -> str | None:
    """The mark between the cells of a line; None: white space."""
    if not path.lower().endswith('.csv') and len(first.split()) > 1:
        return None
    return next((mark for mark in ',;' if mark in first), None)


def _split_words(text: str, path: str) -> 'pd.DataFrame':
    import pandas as pd  # a fifth of a second, which other data sets need not pay for

    # No list a line is kept: half a million of them would set off the garbage collector time and again.
    lines = list(map(str.strip, text.split('\n')))
    labels = [line.rsplit(maxsplit=1)[-1] if line else '' for line in lines]
    paths = [line.removesuffix(label).rstrip() for line, label in zip(lines, labels, strict=True)]
    rows = pd.DataFrame({'path': paths, 'label': labels}, index=range(1, len(lines) + 1), dtype=object)
    rows = rows[rows['label'] != '']
    broken = rows['path'] == ''
    if broken.any():
        line = broken.idxmax()
        raise UserError(f'{path}, line {line}: expected "relative/path label", got {rows["label"][line]!r}')
    return rows


def _split_cells(text: str, separator: str, path: str) -> 'pd.DataFrame':
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
    rows = _path_and_label(cells, path)
    broken = (rows['path'] == '') | (rows['label'] == '')
    if broken.any():
        line = broken.idxmax()
        found = separator.join(cells.loc[line])
        raise UserError(f'{path}, line {line}: expected "relative/path{separator}label", got {found!r}')
    return rows


def _path_and_label(cells: 'pd.DataFrame', path: str) -> 'pd.DataFrame':
    """The two columns that are needed, without the line of headings."""
    headings = cells.iloc[0].str.lower().tolist() if len(cells) else []
    if {'path', 'label'} <= set(headings):
        return cells.iloc[1:, [headings.index('path'), headings.index('label')]].set_axis(['path', 'label'], axis=1)
    if cells.shape[1] != 2:
        raise UserError(
            f'{path}, line 1: expected the two columns path and label, got {cells.shape[1]} columns: name two of them '
            '"path" and "label" in a first line'
        )
    cells = cells.set_axis(['path', 'label'], axis=1)
    has_suffix = [bool(os.path.splitext(cell)[1]) for cell in cells['path'][:2]]
    return cells.iloc[1:] if has_suffix == [False, True] else cells
