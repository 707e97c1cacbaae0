"""Where the images of a list lie, which people write down in many ways."""

import os
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ..errors import UserError
from .class_names import normal_name
from .folder_names import part_of
from .folder_walk import all_images

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
    folders = list(map(os.path.abspath, folders))
    names = list(map(_plain, names))
    start = start_folder(names, folders)
    places = _search(names, folders, part, describe) if start is None else None
    if places is None:
        places = [_as_on_disk(name, start or folders[0]) for name in names]
    return [_below(place, prefix) for place in places]


def _plain(name: str) -> str:
    return os.path.normpath(name) if name.startswith('.') or '/.' in name or '//' in name else name


def start_folder(names: Sequence[str], folders: Sequence[str]) -> str | None:
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
    by_name = defaultdict(list)
    for path in dict.fromkeys(path for folder in folders for path in all_images(folder)):
        base = normal_name(os.path.basename(path))
        by_name[base].append(path)
        by_name[os.path.splitext(base)[0]].append(path)
    found = [_named(name, by_name, part) for name in names]
    if not any(found):
        return None
    for i, (name, paths) in enumerate(zip(names, found, strict=True)):
        if len(paths) > 1:
            raise UserError(f'{describe(i)}: {name} could be {paths[0]} or {paths[1]}: write its whole path')
        if not paths:
            raise UserError(f'{describe(i)}: no image below {folders[0]} is called {name}: correct the list or add it')
    return [paths[0] for paths in found]


def _named(name: str, by_name: dict[str, list[str]], part: str) -> list[str]:
    """The images that end in a name, only those in folders of the part if there are such."""
    wanted = '/' + normal_name(name).lstrip('/')
    paths = [path for path in by_name.get(os.path.basename(wanted), ()) if _ends_in(path, wanted)]
    if len(paths) < 2:
        return paths
    return [path for path in paths if part in map(part_of, Path(path).parent.parts)] or paths


def _ends_in(path: str, wanted: str) -> bool:
    path = normal_name(path)
    return path.endswith(wanted) or os.path.splitext(path)[0].endswith(wanted)


def _below(place: str, prefix: str) -> str:
    return (os.path.abspath(place) if '/.' in place else place).removeprefix(prefix)
