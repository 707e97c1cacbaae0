"""Names of classes: their order, their spellings, and the labels that mean them."""

import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np

from ..errors import UserError


def normal_name(name: str) -> str:
    """One spelling of what looks the same: macOS writes an accent as a character of its own, other systems do not."""
    return name if name.isascii() else unicodedata.normalize('NFC', name)


def are_whole_numbers(names: Iterable[str]) -> bool:
    """Whether all names are written as whole numbers from 0."""
    return all(name.isascii() and name.isdecimal() for name in names)


def sort_names(names: Iterable[str]) -> list[str]:
    """The names by alphabet (capitals first), or by value where all of them are numbers."""
    names = sorted(names)
    return sorted(names, key=int) if are_whole_numbers(names) else names


def find_labels(names: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """The label of each name, -1 where it is none of the classes, int64, shape (N,).

    Args:
        names: As they stand in a list or on a disk. ``1``, ``01`` are one class where all classes are numbers.
        classes: Names of the classes in the order of their labels.
    """
    labels: dict[str, int] = {}
    by_value = are_whole_numbers(classes)
    for label, name in enumerate(classes):
        labels.setdefault(_key(name, by_value), label)
    return np.array([labels.get(_key(name, by_value), -1) for name in names], dtype=np.int64)


def refuse_lookalikes(names: Sequence[str], source: str) -> None:
    """Refuse names that people hold for one class, such as ``Rose`` and ``rose``, ``1`` and ``01``.

    Single letters are let be, since sets of written characters have both.

    Args:
        names: All names of classes.
        source: Where they come from, for the message.

    Raises:
        UserError: There are such names.
    """
    by_value = are_whole_numbers(names)
    first: dict[str, str] = {}
    for name in names:
        key = ' '.join(_key(name, by_value).casefold().split())
        other = first.setdefault(key if len(key) > 1 or by_value else name, name)
        if other != name:
            raise UserError(
                f'{source} has the classes {other!r} and {name!r}, which look like one: write them alike, or name all '
                'classes in classes.txt in the data root if they are two'
            )


def _key(name: str, by_value: bool) -> str:
    return str(int(name)) if by_value and are_whole_numbers([name]) else normal_name(name)
