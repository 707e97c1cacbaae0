"""Finding the images below folders, through links, loops and all that people leave there."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..errors import UserError
from ..notices import note, warn
from .folder_names import is_litter
from .image_kinds import LITTER_FILES, kind_of, readable_suffixes
from .one_look import looked_once


@dataclass
class LeftOut:
    """What a walk passed over.

    Attributes:
        no_reader: Images that cannot be read here, by suffix.
        others: Files that are no images, by suffix.
        dangling: Links that lead nowhere.
        repeated: Links to folders whose images are read from another place, such as a loop.
    """

    no_reader: Counter = field(default_factory=Counter)
    others: Counter = field(default_factory=Counter)
    dangling: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)

    def tell(self, root: str) -> None:
        """Log one line for each kind that there is."""
        if self.no_reader:
            hint = ': pip install pillow-heif reads them' if self.no_reader.keys() & {'.heic', '.heif'} else ''
            warn(f'{root}: left out, since nothing here reads such images: {by_kind(self.no_reader)}{hint}')
        if self.others:
            note(f'{root}: left out, since they are no images: {by_kind(self.others)}')
        if self.dangling:
            warn(f'{root}: left out, since they lead nowhere: {len(self.dangling)} links such as {self.dangling[0]}')
        if self.repeated:
            warn(
                f'{root}: left out, since they lead to folders that are read already: {len(self.repeated)} links such '
                f'as {self.repeated[0]}'
            )


class FolderWalk:
    """Walks through folders, each of which is read once, however many links lead to it.

    Names that start with a dot and the folders of systems are passed over. A folder is no image, whatever its name.
    No file is opened, and none is asked for its kind, unless its suffix says nothing.

    Args:
        root: Folder that the others lie in: a link to it, or to what it lies in, is a loop.
    """

    def __init__(self, root: str) -> None:
        self.left_out = LeftOut()
        self._links: list[str] = []
        self._seen = {_identity(folder) for folder in _ancestors(root)}

    def images(self, folder: str) -> Iterator[str]:
        """Paths of the images below a folder, in no order; links to folders are left for :meth:`linked_images`.

        Raises:
            UserError: A folder cannot be read.
        """
        folders = [folder]
        while folders:
            folder = folders.pop()
            identity = _identity(folder)
            if identity in self._seen:
                continue  # a link has led above it
            self._seen.add(identity)
            for entry in list_folder(folder):
                if entry.name.startswith('.'):
                    continue
                if entry.is_symlink() and not self._leads_to_file(entry):
                    continue
                if entry.is_dir():
                    if not is_litter(entry.name):
                        folders.append(entry.path)
                elif self._is_image(entry):
                    yield entry.path

    def take_links(self) -> list[str]:
        """Links to folders that were met since the last call."""
        links, self._links = self._links, []
        return links

    def linked_images(self, links: list[str]) -> Iterator[str]:
        """Paths of the images in folders that links lead to, each folder once."""
        while links:
            for link in links:
                if _identity(link) in self._seen:
                    self.left_out.repeated.append(link)
                else:
                    yield from self.images(link)
            links = self.take_links()

    def _leads_to_file(self, link: os.DirEntry) -> bool:
        try:
            if not link.is_dir():
                link.stat()
                return True
        except OSError:  # nowhere, or to itself
            self.left_out.dangling.append(link.path)
            return False
        if not is_litter(link.name):
            self._links.append(link.path)
        return False

    def _is_image(self, entry: os.DirEntry) -> bool:
        # The suffix decides first, for the sake of folders of a million files.
        if entry.name.lower().endswith(readable_suffixes()) and entry.is_file():
            return True
        if entry.name.lower() in LITTER_FILES:
            return False
        kind = kind_of(entry.name, entry.path) if entry.is_file() else 'other'
        if kind != 'image':
            counts = self.left_out.no_reader if kind == 'no reader' else self.left_out.others
            counts[os.path.splitext(entry.name)[1].lower() or 'without suffix'] += 1
        return kind == 'image'


@looked_once
def walk_images(root: str, groups: Sequence[Sequence[str]]) -> tuple[list[list[str]], LeftOut]:
    """Images below groups of folders.

    Args:
        root: Folder that they lie in.
        groups: Folders of each group. A folder that a link repeats belongs to where it really lies.

    Returns:
        Paths of each group, sorted, and what was left out.

    Raises:
        UserError: A folder cannot be read.
    """
    walk = FolderWalk(root)
    _refuse_same_folders([folder for folders in groups for folder in folders])
    found, links = [], []
    for folders in groups:
        found.append([path for folder in folders for path in walk.images(folder)])
        links.append(walk.take_links())
    for paths, linked in zip(found, links, strict=True):
        paths += walk.linked_images(linked)
        paths.sort()
    return found, walk.left_out


def all_images(folder: str) -> Iterator[str]:
    """Paths of all images below a folder, in no order."""
    walk = FolderWalk(os.path.dirname(folder))
    yield from walk.images(folder)
    yield from walk.linked_images(walk.take_links())


def content_of(folder: str) -> str:
    """'images', 'no reader' (only such that cannot be read here), 'others' or 'nothing': what a folder holds."""
    walk = FolderWalk(os.path.dirname(folder))
    if next(walk.images(folder), None) or next(walk.linked_images(walk.take_links()), None):
        return 'images'
    if walk.left_out.no_reader:
        return 'no reader'
    return 'others' if walk.left_out.others else 'nothing'


def list_folder(folder: str | os.PathLike[str]) -> Iterator[os.DirEntry]:
    """What lies in a folder, in no order.

    Raises:
        UserError: It cannot be read.
    """
    try:
        with os.scandir(os.fspath(folder)) as entries:
            yield from entries
    except OSError as error:
        raise UserError(
            f'cannot read the folder {os.fspath(folder)} ({error.strerror}): allow it (chmod -R u+rX) or take it away'
        ) from error


def by_kind(counts: Counter) -> str:
    """Numbers of files by suffix, the most frequent first."""
    shown = [f'{count} {suffix}' for suffix, count in counts.most_common(8)]
    return ', '.join(shown) + (f' and {len(counts) - 8} more kinds' if len(counts) > 8 else '')


def _refuse_same_folders(folders: list[str]) -> None:
    first: dict[tuple[int, int], str] = {}
    for folder in folders:
        other = first.setdefault(_identity(folder), folder)
        if other is not folder:
            raise UserError(f'{other} and {folder} are the same folder, which one of them links to: remove the link')


def _identity(folder: str) -> tuple[int, int]:
    status = os.stat(folder)
    return status.st_dev, status.st_ino


def _ancestors(folder: str) -> Iterator[str]:
    folder = os.path.realpath(folder)
    while True:
        yield folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return
        folder = parent
