"""Lists of a division in the form of Pascal VOC: a file for each part with the names of its images."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from ..datasets.class_names import normal_name
from ..datasets.folder_names import PARTS, part_of
from ..errors import UserError

FOLDER = 'ImageSets/Segmentation'


def voc_lists(root: str) -> dict[str, Path]:
    """The lists below a data root, by part; ``trainval.txt`` and others that name no part are left out.

    Args:
        root: The data root, or a folder above it, as ``VOCdevkit`` of ``VOC2012``.

    Raises:
        UserError: Two of them are of one part.
    """
    folders = [folder for above in ('', '*/', '*/*/') for folder in sorted(Path(root).glob(f'{above}{FOLDER}'))]
    found: dict[str, Path] = {}
    for path in sorted(folders[0].glob('*.txt')) if folders else ():
        part = part_of(path.stem, 'set')
        if part not in PARTS:
            continue
        if part in found:
            raise UserError(f'{path.parent} has both {found[part].name} and {path.name}: remove one of them')
        found[part] = path
    return found if 'train' in found else {}


def parts_by_lists(lists: dict[str, Path], images: Iterable[str]) -> dict[str, str]:
    """The part of each image that a list names.

    Args:
        lists: Of :func:`voc_lists`. A line is a name, with or without folders and suffix; what stands behind it, as the
            path of the mask, is not read.
        images: Paths of images.

    Returns:
        Parts by path; images that no list names are missing.

    Raises:
        UserError: An image is in two lists, a list of training or validation names one that is not there, or a name is
            that of several.
    """
    by_name: dict[str, list[str]] = defaultdict(list)
    for image in images:
        for name in _names_of(image):
            by_name[name].append(image)
    parts: dict[str, str] = {}
    for part, path in lists.items():
        for line in path.read_text(encoding='utf-8-sig').splitlines():
            name = line.strip()
            found = _named(name, by_name) if name else ()
            if len(found) > 1:
                several = ' and '.join(found[:2])
                raise UserError(f'{path} names {name}, which {several} are: write the folder before the name')
            if not found:
                if name and part != 'test':
                    raise UserError(f'{path} names {name}, of which there is no image with a mask: correct the list')
                continue
            [image] = found
            if parts.setdefault(image, part) != part:
                raise UserError(f'{path} names {name}, which is in {lists[parts[image]].name} as well: take it out')
    return parts


def _names_of(image: str) -> Iterator[str]:
    """What a list may call an image: its path from any folder on, with or without the suffix."""
    folders = PurePosixPath(normal_name(image)).parts
    for start in range(len(folders)):
        path = '/'.join(folders[start:])
        yield from {path, os.path.splitext(path)[0]}


def _named(line: str, by_name: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """Images that a line names: as a whole, which may hold spaces, by its first word, or by either without folders."""
    words = [normal_name(str(PurePosixPath(word.lstrip('/')))) for word in (line, line.split()[0])]
    bases = map(os.path.basename, words)
    names = (name for word in (*words, *bases) for name in (word, os.path.splitext(word)[0]))
    return next((by_name[name] for name in names if name in by_name), ())
