"""Labels of a list file: numbers, or names of classes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..errors import UserError
from ..neutral_text import shorten
from .class_names import are_whole_numbers, find_labels, normal_name, sort_names

if TYPE_CHECKING:
    import pandas as pd

MEANINGS = ('auto', 'names', 'indices')
# What programs write into a cell that is empty.
MISSING = str.split('nan NaN NAN -nan -NaN <NA> #N/A #NA N/A n/a NA NULL null None NaT')


def label_numbers(rows: 'pd.DataFrame', path: str, num_classes: int | None = None) -> np.ndarray:
    """Labels that are written as numbers, int64, shape (N,).

    Args:
        rows: Result of :func:`ltcl.datasets.list_files.read_rows`.
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
        hint = ' (the first class is 0, not 1)' if labels.min() == 1 and labels.max() == num_classes else ''
        raise UserError(
            f'{path}, line {rows.index[place]}: label {labels[place]} of {rows["path"].iloc[place]} is outside the '
            f'classes, 0 to {num_classes - 1}{hint}: mend the list or set num_classes'
        )
    return labels


def label_indices(rows: 'pd.DataFrame', path: str, classes: Sequence[str], numbers: str = 'auto') -> np.ndarray:
    """Labels that are written as numbers or as names of classes, int64, shape (N,).

    Args:
        rows: Result of :func:`ltcl.datasets.list_files.read_rows`.
        path: The list file, for the message.
        classes: Names of all classes.
        numbers: What labels mean that are all numbers: 'names' of classes, their 'indices' from 0, or 'auto': names
            if all of them are names of classes, indices if none is.

    Raises:
        UserError: A label is neither a name nor a number in range, or numbers could be either.
    """
    codes, texts = rows['label'].factorize()
    known = find_labels(texts, classes)
    if numbers != 'names' and are_whole_numbers(texts):
        is_counted = list(classes) == list(map(str, range(len(classes))))
        if numbers == 'indices' or is_counted or (known < 0).all():
            return label_numbers(rows, path, len(classes))
        if (known < 0).any() and max(map(int, texts)) < len(classes):
            raise UserError(
                f'{path}: the labels {shorten(texts[known >= 0])} are names of classes and {shorten(texts[known < 0])} '
                f'not, so they could be places in the list of classes ({shorten(classes)}): correct them, or set '
                'numeric_labels of the data set to names or to indices'
            )
    if (known < 0).any():
        line = rows.index[(known[codes] < 0).argmax()]
        raise UserError(
            f'{path}, line {line}: the label {rows["label"][line]!r} of {rows["path"][line]} is none of the '
            f'{len(classes)} classes ({shorten(classes)}): correct the label or add the class'
        )
    return known[codes]


def clean_labels(rows: 'pd.DataFrame', path: str, named: Sequence[str] = ()) -> 'pd.DataFrame':
    """Labels as people mean them: ``3.0`` of a spreadsheet is 3, and one spelling of an accent is as good as another.

    Args:
        rows: Result of :func:`ltcl.datasets.list_files.read_rows`.
        path: The list file, for the message.
        named: Names that are classes, whatever they look like.

    Raises:
        UserError: A label is a word for an empty cell, negative, or a number with a fraction.
    """
    codes, texts = rows['label'].factorize()
    _refuse_labels(
        rows, codes, texts.isin(list(MISSING)) & (find_labels(texts, named) < 0), path, 'stands for an empty cell'
    )
    if texts.str.fullmatch(r'-?[0-9]+(\.[0-9]*)?').all() and (find_labels(texts, named) < 0).any():
        _refuse_labels(rows, codes, texts.str.startswith('-'), path, 'is below 0')
        _refuse_labels(rows, codes, ~texts.str.fullmatch(r'[0-9]+(\.0*)?'), path, 'has a fraction')
        texts = texts.str.replace(r'\.0*$', '', regex=True)
    return rows.assign(label=np.array([normal_name(text) for text in texts], dtype=object)[codes])


def names_of_labels(rows: 'pd.DataFrame', path: str) -> list[str]:
    """Names of the classes that the labels of training images tell, in the order of the labels.

    Numbers that begin with 0 count the classes; others, such as 1 to 12 or 101 and 204, are the names of those that
    there are.

    Args:
        rows: Cleaned labels, see :func:`clean_labels`.
        path: The list file, for the message.
    """
    names = rows['label'].unique()
    if are_whole_numbers(names) and '0' in names and int(max(names, key=int)) < max(len(rows), 2):
        return list(map(str, range(int(label_numbers(rows, path).max()) + 1)))
    return sort_names(names)


def _refuse_labels(rows: 'pd.DataFrame', codes: np.ndarray, wrong: np.ndarray, path: str, fault: str) -> None:
    if wrong.any():
        is_wrong = wrong[codes]
        line = rows.index[is_wrong.argmax()]
        raise UserError(
            f'{path}, line {line}: the label {rows["label"][line]!r} of {rows["path"][line]} {fault} ({is_wrong.sum()} '
            'such lines): correct or remove them, or name all classes in classes.txt in the data root'
        )
