"""What the folders and lists below a data root mean: which are parts, which are classes, which tell nothing."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import UserError
from ..neutral_text import shorten
from .class_folders import class_folders, note_on_others, subfolders
from .folder_names import PARTS, is_general, is_list_word, is_no_class, part_of, part_of_list
from .folder_walk import content_of, list_folder
from .image_kinds import kind_of
from .list_columns import UnlabelledList
from .list_files import read_rows
from .list_places import rows_of_images

LAYOUTS = 'class folders, or train/ (and val/, test/) with class folders, or train.txt or train.csv (and val, test)'
LIST_SUFFIXES = ('.txt', '.csv', '.tsv')


@dataclass
class Layout:
    """Where the images of each part lie.

    Attributes:
        place: The folder that holds the parts or the classes: the data root, or a folder that is alone in it.
        files: Path of the list or of the folder of class folders of each part: 'train', 'val', 'test', or only 'all'.
        lists: Lists of any other name, which may tell the classes.
        notes: What is there and is not read, one sentence each.
    """

    place: Path
    files: dict[str, Path] = field(default_factory=dict)
    lists: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def find_layout(root: Path, named: Sequence[str] = ()) -> Layout:
    """Look what form a data root has.

    Args:
        root: A folder.
        named: Names that are classes, whatever else they look like.

    Raises:
        UserError: Two of its parts have the same meaning, or it is not clear what is a part and what a class.
    """
    lists, notes, free = [], [], None
    for place in _places(root, named):
        files, notes_on_lists, is_exact = find_part_lists(place, root)
        if files and is_exact:
            return Layout(place, files, notes=notes_on_lists)
        if files and free is None:
            free = Layout(place, files, notes=notes_on_lists)
        if place != root:
            notes += note_on_others(place.parent, [place.name])
        lists += list_files(place)
    layout = Layout(place, lists=lists, notes=notes)
    _find_parts(layout, named)
    if not layout.files:
        _find_classes(layout, named)
    if free and not folders_tell(layout):
        return free
    if not layout.files:
        _find_lists_in_folders(layout, root)
    return layout


def folders_tell(layout: Layout) -> bool:
    """Whether the folders divide the images into two classes or more."""
    if 'all' not in layout.files:
        return bool(layout.files)
    return len(image_folders(layout.place)) > 1


def find_part_lists(folder: Path, root: Path) -> tuple[dict[str, Path], list[str], bool]:
    """Lists that are named for a part, as ``train.csv``, ``Valid.tsv`` or ``trainLabels.csv``.

    A list of test images without labels is left out, with a note, if there are other lists.

    Args:
        folder: Where the lists lie.
        root: The data root.

    Returns:
        The lists by part; notes; whether one of them has the very name, so that it counts before any folders.

    Raises:
        UserError: Two lists are named for one part.
    """
    found: dict[str, list[tuple[int, Path]]] = {}
    for path in list_files(folder):
        part, rank = part_of_list(path.stem)
        if part and (rank == 0 or _is_list_of(path, part, root)):
            found.setdefault(part, []).append((rank, path))
    _settle_evaluation(found)
    files = {}
    for part in filter(found.get, PARTS):
        best = [path for rank, path in found[part] if rank == min(found[part])[0]]
        if len(best) > 1:
            raise UserError(f'{folder} has both {best[1].name} and {best[0].name}: remove one of them')
        files[part] = best[0]
    is_exact = any(rank == 0 for ranks in found.values() for rank, _ in ranks)
    return *_without_unlabelled_test(files), is_exact


def list_files(folder: Path) -> list[Path]:
    """Files that may be lists of images: tables, and texts whose name says so; not those that a competition wants."""
    paths = [Path(entry.path) for entry in list_folder(folder) if not entry.name.startswith('.')]
    return sorted(
        path
        for path in paths
        if path.suffix.lower() in LIST_SUFFIXES
        and (path.suffix.lower() != '.txt' or part_of_list(path.stem)[0] or is_list_word(path.stem))
        and path.stem.lower() != 'classes'
        and 'submission' not in path.stem.lower()
        and os.path.isfile(path)
    )


def holds_images(folder: Path) -> bool:
    """Whether images lie in a folder itself."""
    entries = (entry for entry in list_folder(folder) if not entry.name.startswith('.'))
    return any(os.path.isfile(entry.path) and kind_of(entry.name, entry.path) == 'image' for entry in entries)


def image_folders(folder: Path, named: Sequence[str] = ()) -> list[Path]:
    """Folders in a folder that hold images at any depth, those of systems and trainings left out, by name."""
    entries = sorted(subfolders(folder), key=lambda entry: entry.name)
    allowed = [Path(entry.path) for entry in entries if not is_no_class(entry.name) or entry.name in named]
    return [path for path in allowed if content_of(str(path)) in ('images', 'no reader')]


def _places(root: Path, named: Sequence[str]) -> Iterator[Path]:
    """The data root, the folder that is alone in it, the one that is alone in that, ..."""
    place: Path | None = root
    while place is not None:
        yield place
        place = _only_folder(place, named)


def _only_folder(place: Path, named: Sequence[str]) -> Path | None:
    full = image_folders(place, named)
    if len(full) != 1 or part_of(full[0].name) or len(class_folders(place, named)) != 1 or holds_images(place):
        return None
    return full[0] if image_folders(full[0], named) or list_files(full[0]) else None


def _find_parts(layout: Layout, named: Sequence[str]) -> None:
    """Parts that are folders, under any usual name."""
    found: dict[str, list[tuple[str, Path]]] = {}
    full = image_folders(layout.place, named)
    for entry in sorted(subfolders(layout.place), key=lambda entry: entry.name):
        # A part whose class folders have lost all their images is still a part.
        part = part_of(entry.name)
        if part and (source := _source_of_part(Path(entry.path), part, named)):
            found.setdefault(part, []).append((entry.name, source))
    used = [name for sources in found.values() for name, _ in sources]
    rest = [folder.name for folder in full if folder.name not in used]
    if not found:
        return
    _settle_evaluation(found)
    for part, sources in found.items():
        if len(sources) > 1:
            names = ' and '.join(name for name, _ in sources)
            raise UserError(f'{layout.place} has {names}, which both mean {part}: join them, or take one away')
    if rest and len(found) == 1 and not all(map(is_general, rest)):
        part = next(iter(found.values()))[0][0]
        raise UserError(
            f'{layout.place} has a folder {part} that is divided into folders, and beside it {shorten(rest)} with '
            f'images: if these are classes, rename {part}; if they are parts, call them train, val and test; or take '
            'them away'
        )
    layout.files = {part: found[part][0][1] for part in PARTS if part in found}
    if rest:
        layout.notes.append(f'{layout.place}: not read, since nothing tells its classes: {shorten(rest)}')
    layout.notes += note_on_others(layout.place, [*used, *rest])


def _source_of_part(folder: Path, part: str, named: Sequence[str]) -> Path | None:
    """The folder of class folders, or the list, that a part's folder holds."""
    names = class_folders(folder, named)
    if not all(is_general(name) and name not in named for name in names):
        return folder
    lists = list(filter(_is_list, list_files(folder)))
    if len(lists) > 1:
        raise UserError(f'{folder} has both {lists[0].name} and {lists[1].name}: remove one of them')
    if lists:
        return lists[0]
    inner = [Path(path) for paths in names.values() for path in paths]
    if len(inner) != 1 or part_of(inner[0].name) not in (part, None):
        return None
    return _source_of_part(inner[0], part, named)


def _find_classes(layout: Layout, named: Sequence[str]) -> None:
    """Class folders without parts, unless their names say that they are none."""
    classes = class_folders(layout.place, named)
    if all(is_general(name) and name not in named for name in classes):
        return
    _refuse_parts_in_classes(layout.place, classes)
    layout.files = {'all': layout.place}
    layout.notes += _notes_on_classes(layout.place, classes)


def _notes_on_classes(place: Path, classes: dict[str, list[str]]) -> list[str]:
    folders = {path for paths in classes.values() for path in paths}
    notes = []
    if holds_images(place):
        notes.append(f'{place}: not read, since they are in no class folder: the images in it')
    inner = {tuple(sorted(entry.name for entry in subfolders(path))) for path in sorted(folders)[:3]}
    if len(inner) == 1 and len(folders) > 1 and len(names := inner.pop()) > 1:
        notes.append(
            f'{place}: all its class folders hold folders of the same names, {shorten(names)}: if these are the '
            'classes, call the upper folders train, val and test'
        )
    return notes


def _refuse_parts_in_classes(place: Path, classes: dict[str, list[str]]) -> None:
    for paths in list(classes.values())[:3]:
        parts = [entry.name for path in paths for entry in subfolders(path) if part_of(entry.name)]
        if len({part_of(name) for name in parts}) > 1:
            raise UserError(
                f'{paths[0]} is divided into {shorten(sorted(parts))}, and so its parts would be mixed: make them the '
                f'upper folders, {place}/train/{Path(paths[0]).name}'
            )


def _find_lists_in_folders(layout: Layout, root: Path) -> None:
    """Lists that have a folder of their own, such as ``annotations``."""
    full = image_folders(layout.place)
    for entry in sorted(subfolders(layout.place), key=lambda entry: entry.name):
        if Path(entry.path) not in full and not is_no_class(entry.name):
            files, notes, _ = find_part_lists(Path(entry.path), root)
            if files:
                layout.files = files
                layout.notes += notes
                return
            layout.lists += list_files(Path(entry.path))


def _settle_evaluation(found: dict[str, list]) -> None:
    """``eval`` is the test set, or validation beside another test set."""
    if 'eval' in found:
        found.setdefault('val' if 'test' in found else 'test', []).extend(found.pop('eval'))


def _without_unlabelled_test(files: dict[str, Path]) -> tuple[dict[str, Path], list[str]]:
    if len(files) < 2 or 'test' not in files:
        return files, []
    try:
        read_rows(str(files['test']), 'data_root')
    except UnlabelledList:
        note = f'{files["test"]}: not read, since it has no labels; without a test set the test is on validation images'
        return {part: path for part, path in files.items() if part != 'test'}, [note]
    except UserError:
        pass  # told where the images are asked for
    return files, []


def _is_list_of(path: Path, part: str, root: Path) -> bool:
    """Whether a file whose name has the word for a part lists its images; a ``training_log.csv`` does not."""
    try:
        return not rows_of_images(path, root, path.parent, part).empty
    except UnlabelledList:
        return part == 'test'
    except UserError:
        return False


def _is_list(path: Path) -> bool:
    try:
        return not read_rows(str(path), 'data_root').empty
    except UserError:
        return False
