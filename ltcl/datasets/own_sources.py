"""Where the images of a practitioner's own folder lie, and in which form."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from ..errors import UserError
from ..neutral_text import shorten
from ..notices import note
from ..similar_paths import meant_path
from ..work_dir import POINTER
from .class_folders import class_folders, scan_class_folders
from .class_names import find_labels, normal_name, refuse_lookalikes
from .folder_walk import LeftOut, by_kind
from .image_list import read_names
from .list_files import check_duplicates, check_files
from .list_labels import clean_labels, label_indices, names_of_labels
from .list_places import located
from .one_look import looked_once
from .origins import list_of_origins
from .own_layout import LAYOUTS, Layout, find_layout, image_folders
from .own_lists import choose_list, divided_by_column, rows_of_part, unknown_layout, without_unreadable


@dataclass(frozen=True)
class Images:
    """Images of one source: paths below the data root, and the class of each, int64, shape (N,)."""

    paths: list[str]
    labels: np.ndarray

    def subset(self, kept: np.ndarray) -> 'Images':
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
            'val', 'test', or only 'all' for a root that is not divided.
        place: The folder that parts or classes lie in: the root, or a folder that is alone in it.
        notes: What lies there and is not read, one sentence each.
    """

    root: Path
    files: dict[str, Path]
    place: Path
    notes: list[str] = field(default_factory=list)

    @cached_property
    def training(self) -> str | None:
        """The part that training images come from; None: there is none."""
        return next((part for part in ('train', 'all') if part in self.files), None)

    def class_names(self) -> list[str]:
        """Names of the classes: lines of ``classes.txt``, else the names of the training images' classes, sorted.

        Labels that are numbers are names in the order of the numbers.

        Raises:
            UserError: There are neither training images nor ``classes.txt``, there is one class only, or two names
                look like one class.
        """
        named = named_classes(self.root, self.place)
        if named:
            return named
        if self.training is None:
            raise UserError(
                f'{self.root} has no training images, so nothing tells the classes: put a file classes.txt there with '
                'one name a line, in the order of training (a test takes them from the checkpoint)'
            )
        path = self.files[self.training]
        names = list(class_folders(path)) if path.is_dir() else self._names_in_list(path)
        refuse_lookalikes(names, str(path))
        if len(names) < 2:
            if Path(self.root, POINTER).is_file():
                raise unknown_layout(Layout(self.place), self.root)
            raise UserError(
                f'{path} has images of one class only, {names[0]}: a classifier needs two or more. Give each class a '
                'folder, or put a list train.csv with lines path,label there'
            )
        return names

    def notes_on_folders(self, named: Sequence[str]) -> list[str]:
        """Folders with images none of which a list names, one sentence.

        Args:
            named: Paths of all images below the root.
        """
        if any(path.is_dir() for path in self.files.values()):
            return []  # said where the layout was found
        start = f'{self.place.relative_to(self.root)}/' if self.place != self.root else ''
        known = {path[len(start) :].split('/')[0] for path in named if path.startswith(start)}
        rest = [path.name for path in image_folders(self.place) if path.name not in known]
        return [f'{self.place}: not read, since no list names an image in it: {shorten(rest)}'] if rest else []

    def read(
        self, part: str, classes: Sequence[str], check: str = 'sample', warn: bool = True, numbers: str = 'auto'
    ) -> Images:
        """Images of a part, each once, by class and path.

        Args:
            part: A key of ``files``.
            classes: Names of all classes.
            check: See :func:`ltcl.datasets.list_files.check_files`.
            warn: Tell of what is left out or lies outside, and of images that a list names twice.
            numbers: See :func:`ltcl.datasets.list_labels.label_indices`.

        Raises:
            UserError: A class is unknown, the part has no image, or a list is not as it should be.
        """
        path = self.files[part]
        if path.is_dir():
            return self._read_folders(path, classes, warn).ordered()
        return self._read_list(path, part, classes, check, warn, numbers).ordered()

    def _names_in_list(self, path: Path) -> list[str]:
        return names_of_labels(clean_labels(rows_of_part(path, self.training), str(path)), str(path))

    def _read_folders(self, folder: Path, classes: Sequence[str], warn: bool) -> Images:
        paths, labels, found = scan_class_folders(folder, allow_empty=True, named=classes, tell=warn)
        to_label = find_labels(found, classes)
        unknown = [name for name, label in zip(found, to_label, strict=True) if label < 0]
        if unknown:
            raise UserError(
                f'{folder} has folders that are none of the {len(classes)} classes: {shorten(unknown)} (classes: '
                f'{shorten(classes)}): rename or remove them'
            )
        if not paths:
            raise UserError(f'the class folders of {folder} hold no image')
        below = '' if folder == self.root else f'{folder.relative_to(self.root)}/'
        start = len(os.fspath(folder)) + 1
        return Images([below + path[start:] for path in paths], to_label[labels])

    def _read_list(self, path: Path, part: str, classes: Sequence[str], check: str, warn: bool, numbers: str) -> Images:
        rows, unreadable = without_unreadable(clean_labels(rows_of_part(path, part), str(path), classes))
        if rows.empty:
            raise UserError(f'{path} names no image that can be read here, only {by_kind(Counter(unreadable))}')
        labels = label_indices(rows, str(path), classes, numbers)
        rows = located(rows, path, self.root, self.place, part)
        is_repeated = check_duplicates(rows, str(path), warn)
        check_files([os.path.join(self.root, name) for name in rows['path']], rows, str(path), check)
        if warn:
            LeftOut(no_reader=Counter(unreadable)).tell(str(path))
            tell_outside(rows['path'], path, self.root)
        return Images(rows['path'][~is_repeated].tolist(), labels[~is_repeated])


@looked_once
def find_sources(
    root: str | os.PathLike, classes: Sequence[str] | None = None, groups: str | None = None
) -> OwnSources:
    """Look what form the images of a data root have.

    Args:
        root: One of, with parts under any usual name and perhaps in a folder of their own ::

            root/<class>/*.jpg                    root/train.txt or train.csv, lines "path label" or "path,label"
            root/{train,val,test}/<class>/*.jpg   root/{train,val,test}.{txt,csv,tsv}
            root/images/*.jpg                     root/labels.csv, or a list of any other name

        classes: Names that are classes, whatever they look like; by default those of ``classes.txt``.
        groups: What tells the origin of images, see :func:`ltcl.datasets.origins.origins`.

    Raises:
        UserError: The root is missing or has none of these forms.
    """
    root = Path(root)
    if not os.path.isdir(root):
        fault = 'is no folder' if os.path.exists(root) else 'does not exist'
        nearest = '' if os.path.exists(root) else meant_path(root, '')
        named = ' '.join(filter(None, (nearest, '--cfg-options data_root=FOLDER names yours')))
        raise UserError(f'the folder of images {root} {fault}: {named}, with {LAYOUTS}')
    layout = find_layout(root, classes or named_classes(root, root) or ())
    if layout.lists:
        layout = choose_list(layout, root, None if groups is None else list_of_origins(groups, root))
    elif not layout.files:
        raise unknown_layout(layout, root)
    return OwnSources(root, divided_by_column(layout), layout.place, layout.notes)


def named_classes(root: Path, place: Path) -> list[str] | None:
    """Names in the file ``classes.txt`` of the data root, or of the folder that the images lie in.

    Raises:
        UserError: It names no class, or one twice.
    """
    path = next(filter(os.path.isfile, (root / 'classes.txt', place / 'classes.txt')), None)
    if path is None:
        return None
    names = list(map(normal_name, read_names(str(path))))
    repeated = [name for i, name in enumerate(names) if name in names[:i]] if len(set(names)) < len(names) else []
    if repeated or not names:
        fault = f'names {shorten(repeated)} twice' if repeated else 'names no class'
        raise UserError(f'{path} {fault}: it must have one name a line, in the order of the labels')
    return names


def tell_outside(paths: Sequence[str], source: Path, root: Path) -> None:
    """Log how many images lie outside of the data root."""
    elsewhere = [path for path in paths if os.path.isabs(path)]
    if elsewhere:
        note(f'{source}: {len(elsewhere)} of {len(paths)} images lie outside of {root}, such as {elsewhere[0]}')
