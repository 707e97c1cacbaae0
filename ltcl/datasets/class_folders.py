"""A folder with one folder of images for each class, as many data sets lie on disk."""

import os
from collections.abc import Sequence

import numpy as np

from ..errors import UserError

IMAGE_SUFFIXES = ('.bmp', '.jpeg', '.jpg', '.pgm', '.png', '.ppm', '.tif', '.tiff', '.webp')


def scan_class_folders(
    root: str | os.PathLike, classes: Sequence[str] | None = None, allow_empty: bool = False
) -> tuple[list[str], np.ndarray, list[str]]:
    """List the images of a folder of class folders::

        root
        ├── boots   1.jpg, 2.png, more/3.jpg
        └── coats   ...

    Images are found by their suffix, in upper or lower case, at any depth below a class folder. Links are followed.
    Names that start with a dot are passed over. The order is that of the class names and then of the paths, whatever
    the file system's is.

    Args:
        root: Folder of the class folders.
        classes: Names of the class folders in the order of their labels; other folders are passed over. None takes
            all, sorted by name.
        allow_empty: Let class folders be without an image.

    Returns:
        Paths, which start with ``root``; labels, int64, shape (N,); names of the classes.

    Raises:
        UserError: The root is missing or holds no folder, or a class folder is missing or holds no image.
    """
    root = os.fspath(root)
    try:
        with os.scandir(root) as entries:
            found = sorted(entry.name for entry in entries if not entry.name.startswith('.') and entry.is_dir())
    except OSError as error:
        raise UserError(
            f'cannot read the image folder {root} ({error.strerror}): it must hold one folder of images for each class'
        ) from error
    if not found:
        raise UserError(
            f'the image folder {root} has no class folders: it must hold one folder of images for each class'
        )
    names = found if classes is None else list(classes)
    _refuse(sorted(set(names) - set(found)), root, 'lacks the class folders', 'put them there or correct the classes')
    images = [sorted(_images(os.path.join(root, name))) for name in names]
    empty = [name for name, paths in zip(names, images, strict=True) if not paths]
    _refuse(
        [] if allow_empty else empty, root, 'has class folders without an image', 'add images to them or take them away'
    )
    labels = np.repeat(np.arange(len(names)), [len(paths) for paths in images])
    return [path for paths in images for path in paths], labels, names


def _images(folder: str) -> list[str]:
    """Paths of the images at any depth, in no order."""
    paths = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith('.'):
                continue
            # The suffix decides first: asking the file system for the kind of a million files takes minutes on a disk.
            if entry.name.lower().endswith(IMAGE_SUFFIXES):
                paths.append(entry.path)
            elif entry.is_dir():
                paths += _images(entry.path)
    return paths


def _refuse(names: list[str], root: str, fault: str, way_out: str) -> None:
    if names:
        shown = ', '.join(names[:5]) + (f' and {len(names) - 5} more' if len(names) > 5 else '')
        raise UserError(f'{root} {fault} {shown}: {way_out}')
