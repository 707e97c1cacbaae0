"""Where the images of a list lie, which people write down in many ways."""

import os
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import UserError
from .class_names import normal_name
from .folder_names import part_of
from .folder_walk import all_images
from .list_files import read_rows

if TYPE_CHECKING:
    import pandas as pd

SAMPLE_SIZE = 32


def locate_images(
    names: Sequence[str], root: Path, folders: Sequence[Path], part: str, describe: Callable[[int], str]
) -> list[str]:
    """Paths below the data root of the images that a list names.

    A name is a path below one of the folders as a rule. Where it is not, all images below the folders are looked
    through for one that ends in it, with or without suffix: ``007`` is ``images/007.png`` if no other image is.

    Args:
        names: As they stand in the list, slashes forward; absolute ones are allowed.
        root: The data root.
        folders: Where paths may begin, the likeliest first.
        part: 'train', 'val', 'test' or 'all'. Of images of one name, that in a folder of the part is meant.
        describe: Tells the line of the list that holds a name, by its index.

    Returns:
        A path for each name: relative to the root if the image lies there, else absolute. If none is found, they stand
        as if they were below the first folder.

    Raises:
        UserError: Two images have a name, or some names are found and others not.
    """
    prefix = os.path.join(os.path.abspath(root), '')
    starts = [os.path.abspath(folder) for folder in folders]
    names = list(map(_plain, names))
    start = _start_folder(names, starts)
    places = _search(names, starts, part, describe) if start is None else None
    if places is None:
        places = [_as_on_disk(name, start or starts[0]) for name in names]
    return [_below(place, prefix) for place in places]


def rows_of_images(path: Path, root: Path, place: Path, part: str = 'all') -> 'pd.DataFrame':
    """The rows of a list whose images are there, see :func:`located`.

    Raises:
        UserError: It is no list, or none of a sample of its images is there.
    """
    rows = read_rows(str(path), 'data_root')
    rows = located(rows, path, root, place, part)
    if not any((root / name).is_file() for name in rows['path'].iloc[:: len(rows) // 32 + 1]):
        raise UserError(f'{path} names no image that is there, first {rows["path"].iloc[0]}')
    return rows


def located(rows: 'pd.DataFrame', path: Path, root: Path, place: Path, part: str) -> 'pd.DataFrame':
    """The rows of a list with paths below the data root, see :func:`locate_images`."""
    paths = locate_images(
        rows['path'].tolist(), root, _starts(path, root, place), part, lambda i: f'{path}, line {rows.index[i]}'
    )
    return rows.assign(path=paths)


def _plain(name: str) -> str:
    return os.path.normpath(name) if name.startswith('.') or '/.' in name or '//' in name else name


def _start_folder(names: Sequence[str], folders: Sequence[str]) -> str | None:
    """The folder that the names of a sample are paths below."""
    step = max(1, len(names) // SAMPLE_SIZE)
    sample = names[::step]
    hits = [sum(os.path.isfile(_as_on_disk(name, folder)) for name in sample) for folder in folders]
    return folders[int(np.argmax(hits))] if max(hits) else None


def _as_on_disk(name: str, folder: str) -> str:
    """The path of an image, in the spelling of its accents that the disk has."""
    path = os.path.join(folder, name)
    if name.isascii():
        return path
    spellings = (name, *(unicodedata.normalize(form, name) for form in ('NFC', 'NFD')))
    if len(set(spellings)) == 1:
        return path
    return next(filter(os.path.exists, (os.path.join(folder, spelling) for spelling in spellings)), path)


def _search(names: list[str], folders: Sequence[str], part: str, describe: Callable[[int], str]) -> list[str] | None:
    """The image that ends in each name; None: there is none for any of them."""
    wanted = [normal_name(name).strip('/') for name in names]
    images = list(dict.fromkeys(path for folder in folders for path in all_images(folder)))
    by_tail = _by_tail(images, {name.count('/') + 1 for name in wanted})
    found = [by_tail.get(name, []) for name in wanted]
    if not any(found):
        return None
    for i, (name, paths) in enumerate(zip(names, found, strict=True)):
        if len(paths) > 1:
            found[i] = paths = [path for path in paths if part in map(part_of, Path(path).parent.parts)] or paths
        if len(paths) > 1:
            raise UserError(f'{describe(i)}: {name} could be {paths[0]} or {paths[1]}: write its whole path')
        if not paths:
            raise UserError(f'{describe(i)}: no image below {folders[0]} is called {name}: correct the list or add it')
    return [paths[0] for paths in found]


def _by_tail(paths: list[str], lengths: set[int]) -> dict[str, list[str]]:
    """The paths by their last components, as many as one of the lengths says, with and without suffix."""
    found = defaultdict(list)
    for path in paths:
        parts = normal_name(path).split('/')
        for length in lengths:
            tail = '/'.join(parts[-length:])
            found[tail].append(path)
            found[os.path.splitext(tail)[0]].append(path)
    return found


def _below(place: str, prefix: str) -> str:
    return (os.path.abspath(place) if '/.' in place else place).removeprefix(prefix)


def _starts(path: Path, root: Path, place: Path) -> list[Path]:
    """Folders that the paths of a list may begin at."""
    return list(dict.fromkeys((root, place, path.parent)))
