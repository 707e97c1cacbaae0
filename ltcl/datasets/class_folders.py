"""A folder with one folder of images for each class, as many data sets lie on disk."""

import os
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..errors import UserError
from ..neutral_text import shorten
from ..notices import warn
from .class_names import find_labels, normal_name, sort_names
from .folder_names import is_general, is_litter, is_no_class
from .folder_walk import content_of, list_folder, walk_images
from .one_look import looked_once


@looked_once
def class_folders(root: str | os.PathLike, named: Sequence[str] = ()) -> dict[str, list[str]]:
    """Folders of each class in a folder, by name (numbers by value).

    Hidden folders, those that systems and trainings leave (``__MACOSX``, ``lost+found``, ``@eaDir``, ``runs``, ...) and
    those with files but no image are no classes. Two spellings of one name, as macOS and others write an accent, are
    one class.

    Args:
        root: Folder of the class folders.
        named: Names that are classes whatever they are and hold.

    Returns:
        Paths, which start with ``root``, by name of the class.

    Raises:
        UserError: A folder cannot be read.
    """
    found: dict[str, list[str]] = {}
    entries = sorted(subfolders(root), key=lambda entry: entry.name)
    is_named = find_labels([entry.name for entry in entries], named) >= 0
    for entry, known in zip(entries, is_named, strict=True):
        if known or (not is_no_class(entry.name) and _may_be_class(entry)):
            found.setdefault(normal_name(entry.name), []).append(entry.path)
    return {name: found[name] for name in sort_names(found)}


def subfolders(root: str | os.PathLike) -> list[os.DirEntry]:
    """The folders in a folder that are not hidden, links included, in no order."""
    return [entry for entry in list_folder(root) if not entry.name.startswith('.') and _is_folder(entry)]


def scan_class_folders(
    root: str | os.PathLike,
    classes: Sequence[str] | None = None,
    allow_empty: bool = False,
    named: Sequence[str] = (),
    tell: bool = True,
) -> tuple[list[str], np.ndarray, list[str]]:
    """List the images of a folder of class folders::

        root
        ├── boots   1.jpg, 2.png, more/3.jpg
        └── coats   ...

    Images are found by their suffix, in upper or lower case, at any depth below a class folder; a file whose suffix
    says nothing is looked into. Links are followed, each folder once. Names that start with a dot are passed over. The
    order is that of the class names and then of the paths, whatever the file system's is.

    Args:
        root: Folder of the class folders.
        classes: Names of the class folders in the order of their labels; other folders are passed over. None takes
            all, see :func:`class_folders`.
        allow_empty: Let class folders be without an image.
        named: As in :func:`class_folders`.
        tell: Log what was left out.

    Returns:
        Paths, which start with ``root``; labels, int64, shape (N,); names of the classes.

    Raises:
        UserError: The root is missing or holds no folder, a class folder is missing or holds no image, or a folder
            cannot be read.
    """
    root = os.fspath(root)
    if not os.path.isdir(root):
        reason = 'No such file or directory' if not os.path.exists(root) else 'it is a file'
        raise UserError(
            f'cannot read the image folder {root} ({reason}): it must hold one folder of images for each class'
        )
    found = class_folders(root, named if classes is None else classes)
    if not found:
        raise UserError(
            f'the image folder {root} has no class folders: it must hold one folder of images for each class'
        )
    names = list(found) if classes is None else list(classes)
    places = dict(zip(names, find_labels(names, list(found)), strict=True))
    absent = [name for name in names if places[name] < 0]
    _refuse(absent, f'{root} lacks the class folders', 'put them there or correct the classes')
    folders = list(found.values())
    images, left_out = walk_images(root, [folders[places[name]] for name in names])
    empty = [name for name, paths in zip(names, images, strict=True) if not (paths or allow_empty)]
    _refuse(empty, f'{root} has class folders without an image', 'add images to them or take them away')
    if tell:
        links = (entry.path for entry in list_folder(root) if entry.is_symlink())
        dangling = sorted(link for link in links if not os.path.exists(link))
        replace(left_out, dangling=left_out.dangling + dangling).tell(root)
        used = [os.path.basename(path) for paths in folders for path in paths]
        for note in note_on_others(root, used) if classes is None else ():
            warn(note)
    labels = np.repeat(np.arange(len(names)), [len(paths) for paths in images])
    return [path for paths in images for path in paths], labels, names


def note_on_others(root: str | os.PathLike, used: Sequence[str]) -> list[str]:
    """One sentence on the folders in a folder that are not used, those of systems left out; none if there are none."""
    rest = sorted(entry.name for entry in subfolders(root) if not is_litter(entry.name) and entry.name not in used)
    reason = 'they hold no image or what trainings write'
    return [f'{os.fspath(root)}: no classes, since {reason}: {shorten(rest)}'] if rest else []


def _may_be_class(entry: os.DirEntry) -> bool:
    content = content_of(entry.path)
    return content in ('images', 'no reader') or (content == 'nothing' and not is_general(entry.name))


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _refuse(names: list[str], fault: str, way_out: str) -> None:
    if names:
        raise UserError(f'{fault} {shorten(names, 5)}: {way_out}')
