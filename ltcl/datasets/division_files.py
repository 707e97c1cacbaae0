"""Lists of a division of own images, written so that they are read again."""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors import UserError
from ..files import write_atomic
from ..neutral_text import visible
from .class_names import are_whole_numbers
from .own_layout import list_files
from .own_sources import Images


def write_division(parts: dict[str, Images], classes: list[str], root: Path, out: Path) -> list[Path]:
    """Write the lists of a division and ``classes.txt``, with paths relative to where they lie.

    Args:
        parts: Images of each part.
        classes: Names of the classes.
        root: The data root, which the paths of the images are relative to.
        out: Folder of the lists; made where it is missing.

    Returns:
        The files.

    Raises:
        UserError: One of the files is there already or another list of a part, or a name cannot be written so that it
            is read again.
    """
    files = {out / f'{part}.txt': images for part, images in parts.items()}
    names = out / 'classes.txt'
    existing = [str(path) for path in (*files, names) if path.exists() and path != root / 'classes.txt']
    if existing:
        raise UserError(f'{", ".join(existing)} would be overwritten: remove them or name another folder with --out')
    _refuse_second_lists(files, out)
    places = {path: [os.path.relpath(root / image, out) for image in images.paths] for path, images in files.items()}
    _check_names(classes, (place for each in places.values() for place in each))
    labels = _labels_for(classes)
    out.mkdir(parents=True, exist_ok=True)
    texts = {
        path: ''.join(f'{place} {labels[label]}\n' for place, label in zip(places[path], images.labels, strict=True))
        for path, images in files.items()
    }
    _write_together({**texts, names: ''.join(f'{name}\n' for name in classes)})
    return [*files, names]


def _refuse_second_lists(files: Iterable[Path], out: Path) -> None:
    """Refuse to write a list beside another one of the same part.

    Raises:
        UserError: Names both.
    """
    parts = {path.stem: path.name for path in files}
    second = next((path for path in list_files(out) if path.stem.lower() in parts), None) if out.is_dir() else None
    if second is not None:
        raise UserError(
            f'{second} is the list of a part, as {parts[second.stem.lower()]} would be, and no folder may have both: '
            'name another folder with --out'
        )


def _labels_for(classes: list[str]) -> Sequence[object]:
    """What lists call the classes: their names where one could be taken for the place of a class, else the places.

    Raises:
        UserError: One could, and another has white space, which no name in a list can have.
    """
    numbers = [name for name in classes if are_whole_numbers([name])]
    spaced = [name for name in classes if len(name.split()) > 1]
    if numbers and spaced:
        raise UserError(
            f'the class "{visible(numbers[0])}" could be taken for a place in the list of classes, and '
            f'"{visible(spaced[0])}" has white space, so that no list can hold its name: rename one of them, or train '
            'on the folder itself'
        )
    return classes if numbers else range(len(classes))


def _write_together(texts: dict[Path, str]) -> None:
    """Write files of which one without the others would be another division; none is there if one cannot be written.

    Raises:
        OSError: The disk is full. Of the files only the last one may have been there before; it is as it was.
    """
    written = []
    try:
        for path, text in texts.items():
            write_atomic(path, text)
            written.append(path)
    except OSError:
        for path in written:
            path.unlink()
        raise


def _check_names(classes: Iterable[str], places: Iterable[str]) -> None:
    """Refuse what a list would not give back: it has one name a line, in UTF-8, and takes a backslash for a slash.

    Raises:
        UserError: Names the first one.
    """
    lost = [name for name in classes if name != name.strip() or re.search('[\n\r\ud800-\udfff]', name)]
    lost += [place for place in places if place != place.strip() or re.search(r'[\n\r\\\ud800-\udfff]', place)]
    if lost:
        raise UserError(
            f'{len(lost)} names cannot stand in a list, the first is "{visible(lost[0])}": rename what has a line '
            'break, a backslash, white space at an end or bytes that are no UTF-8, or train on the folder itself'
        )
