"""Images of one origin - a patient, a camera, an object - as a table or the paths tell them."""

import logging
import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.logging import print_log

from ..errors import UserError
from .list_files import TABLE_SUFFIXES, read_rows
from .list_places import located

SUFFIXES = (*TABLE_SUFFIXES, '.txt')


def origins(paths: Sequence[str], source: str, root: str | os.PathLike) -> np.ndarray:
    """Number of the origin of each image, int64, shape (N,). An image of which nothing is told is one of its own.

    Args:
        paths: Of the images, below the root.
        source: A list with lines ``path,group``, or with more columns of which one is headed ``group``, ``patient``,
            ``camera``, ..., or a regular expression with one pair of brackets, which is searched in the paths:
            ``(patient[0-9]+)_``.
        root: The data root.

    Raises:
        UserError: The list cannot be read or contradicts itself, the expression is none, or no image has an origin.
    """
    path = list_of_origins(source, root)
    names = _names_in_paths(paths, source) if path is None else _names_in_list(paths, path, Path(root))
    unknown = [path for path, name in zip(paths, names, strict=True) if name is None]
    if len(unknown) == len(paths):
        raise UserError(f'groups {source} tells the origin of none of the {len(paths)} images, such as {paths[0]}')
    if unknown:
        print_log(
            f'groups {source} does not tell the origin of {len(unknown)} of {len(paths)} images, such as {unknown[0]}: '
            'each of them counts as one of its own',
            logger='current',
            level=logging.WARNING,
        )
    numbers: dict[object, int] = {}
    keys = (i if name is None else name for i, name in enumerate(names))
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64)


def list_of_origins(source: str, root: str | os.PathLike) -> Path | None:
    """The list that a source names, which may lie in the data root; None: it is a regular expression."""
    if not source.lower().endswith(SUFFIXES) or ('(' in source and not os.path.isfile(source)):
        return None
    inside = Path(root, source)
    return inside if inside.is_file() and not os.path.isfile(source) else Path(source)


def _names_in_list(paths: Sequence[str], source: Path, root: Path) -> list[str | None]:
    rows = located(read_rows(str(source), 'groups', 'group'), source, root, root, 'all')
    names = dict(zip(rows['path'], rows['label'], strict=True))
    several = rows[rows['label'] != rows['path'].map(names)]
    if len(several):
        line, path = several.index[0], several['path'].iloc[0]
        raise UserError(f'{source}, line {line}: {path} is of two groups, {several["label"].iloc[0]} and {names[path]}')
    return [names.get(path) for path in paths]


def _names_in_paths(paths: Sequence[str], source: str) -> list[str | None]:
    try:
        pattern = re.compile(source)
    except re.error as error:
        raise UserError(f'groups {source!r} is no list and no regular expression ({error})') from error
    if pattern.groups != 1:
        raise UserError(
            f'groups {source!r} has {pattern.groups} pairs of brackets: put one around what tells the origin, as in '
            r'"(patient[0-9]+)_", or name a .csv file with lines path,group'
        )
    found = map(pattern.search, paths)
    return [match and match[1] for match in found]
