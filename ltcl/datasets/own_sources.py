"""Where the images of a practitioner's own folder lie, and in which form."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ..errors import UserError
from .class_folders import scan_class_folders
from .image_list import read_classes
from .list_files import are_numbers, check_duplicates, check_files, label_indices, label_numbers, read_rows, shorten

PARTS = ('train', 'val', 'test')
LIST_SUFFIXES = ('.txt', '.csv')
LAYOUTS = 'class folders, or train/ (and val/, test/) with class folders, or train.txt or train.csv (and val, test)'


@dataclass(frozen=True)
class Images:
    """Images of one source: paths below the data root, and the class of each, int64, shape (N,)."""

    paths: list[str]
    labels: np.ndarray

    def subset(self, kept: Sequence[int]) -> 'Images':
        """The images of some indices."""
        return Images([self.paths[i] for i in kept], self.labels[kept])

    def ordered(self) -> 'Images':
        """By class and then by path, so that their order is that of no file system and no list."""
        by_path = sorted(range(len(self.paths)), key=self.paths.__getitem__)
        return self.subset(np.array(by_path)[np.argsort(self.labels[by_path], kind='stable')])


def join_images(parts: Sequence[Images]) -> Images:
    """The images of several sources, one after the other."""
    return Images([path for part in parts for path in part.paths], np.concatenate([part.labels for part in parts]))


@dataclass(frozen=True)
class OwnSources:
    """Sources of images below a data root: list files if there is any, else class folders.

    Attributes:
        root: The data root.
        files: Path of the list or of the folder of class folders of each part that the root tells apart: 'train',
            'val', 'test', or only 'all' for a root that holds class folders itself.
    """

    root: Path
    files: dict[str, Path]

    @cached_property
    def training(self) -> str | None:
        """The part that training images come from; None: there is none."""
        return next((part for part in ('train', 'all') if part in self.files), None)

    def class_names(self) -> list[str]:
        """Names of the classes: lines of ``classes.txt``, else the names of the training images' classes, sorted.

        Labels that are numbers are names in the order of the numbers.

        Raises:
            UserError: There are neither training images nor ``classes.txt``.
        """
        named = self.root / 'classes.txt'
        if named.is_file():
            return read_classes(str(named))
        if self.training is None:
            raise UserError(
                f'{self.root} has no training images, so nothing tells the classes: put a file classes.txt there with '
                'one name a line, in the order of training (tools/test.py takes them from the checkpoint)'
            )
        path = self.files[self.training]
        if path.is_dir():
            return class_folders(path)
        rows = read_rows(str(path), 'data_root')
        if are_numbers(rows):
            return list(map(str, range(int(label_numbers(rows, str(path)).max()) + 1)))
        return sorted(rows['label'].unique())

    def read(self, part: str, classes: Sequence[str], check: str = 'sample', warn: bool = True) -> Images:
        """Images of a part, each once, by class and path.

        Args:
            part: A key of ``files``.
            classes: Names of all classes.
            check: See :func:`ltcl.datasets.list_files.check_files`.
            warn: Tell of images that a list names twice.

        Raises:
            UserError: A class is unknown, the part has no image, or a list is not as it should be.
        """
        path = self.files[part]
        images = (
            self._read_folders(path, classes) if path.is_dir() else self._read_list(str(path), classes, check, warn)
        )
        return images.ordered()

    def _read_folders(self, folder: Path, classes: Sequence[str]) -> Images:
        paths, labels, found = scan_class_folders(folder, allow_empty=True)
        unknown = sorted(set(found) - set(classes))
        if unknown:
            raise UserError(
                f'{folder} has folders that are none of the {len(classes)} classes: {shorten(unknown)} (classes: '
                f'{shorten(classes)}): rename or remove them'
            )
        if not paths:
            raise UserError(f'the class folders of {folder} hold no image')
        numbers = {name: label for label, name in enumerate(classes)}
        to_label = np.array([numbers[name] for name in found])
        below, start = '' if folder == self.root else f'{folder.name}/', len(os.fspath(folder)) + 1
        return Images([below + path[start:] for path in paths], to_label[labels])

    def _read_list(self, path: str, classes: Sequence[str], check: str, warn: bool) -> Images:
        rows = read_rows(path, 'data_root')
        labels = label_indices(rows, path, classes)
        is_repeated = check_duplicates(rows, path, warn)
        check_files([os.path.join(self.root, name) for name in rows['path']], rows, path, check)
        return Images(rows['path'][~is_repeated].tolist(), labels[~is_repeated])


def find_sources(root: str | os.PathLike) -> OwnSources:
    """Look what form the images of a data root have.

    Args:
        root: One of ::

            root/<class>/*.jpg                    root/train.txt or train.csv, lines "path label" or "path,label"
            root/{train,val,test}/<class>/*.jpg   root/{train,val,test}.{txt,csv}

    Raises:
        UserError: The root is missing or has none of these forms.
    """
    root = Path(root)
    if not root.is_dir():
        raise UserError(
            f'the folder of images {root} does not exist: --cfg-options data_root=FOLDER names yours, with {LAYOUTS}'
        )
    lists = [root / f'{part}{suffix}' for part in PARTS for suffix in LIST_SUFFIXES]
    lists = [path for path in lists if path.is_file()]
    twice = [path.stem for path in lists if path.suffix == '.txt' and path.with_suffix('.csv') in lists]
    if twice:
        raise UserError(f'{root} has both {twice[0]}.txt and {twice[0]}.csv: remove one of them')
    if lists:
        return OwnSources(root, {path.stem: path for path in lists})
    folders = {part: root / part for part in PARTS if (root / part).is_dir() and class_folders(root / part)}
    if not folders and not class_folders(root):
        raise UserError(f'{root} has no images in a form that is known: {LAYOUTS}')
    return OwnSources(root, folders or {'all': root})


def class_folders(folder: Path) -> list[str]:
    """Names of the folders in a folder, sorted, those that start with a dot left out."""
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if not entry.name.startswith('.') and entry.is_dir())
