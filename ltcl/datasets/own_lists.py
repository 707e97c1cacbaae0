"""Lists of a practitioner's images: where their images lie, and which of them tell the classes."""

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UserError
from ..neutral_text import shorten
from ..work_dir import POINTER
from .folder_names import PARTS
from .folder_walk import all_images
from .image_kinds import has_image_suffix, readable_suffixes
from .list_files import read_rows
from .list_places import rows_of_images
from .own_layout import LAYOUTS, Layout, folders_tell, holds_images, image_folders
from .part_columns import UnclearParts

if TYPE_CHECKING:
    import pandas as pd

UNREAD_TABLES = ('.gz', '.json', '.jsonl', '.mat', '.ods', '.parquet', '.pkl', '.xls', '.xlsx', '.xml', '.zip')


def rows_of_part(path: Path, part: str | None) -> 'pd.DataFrame':
    """Rows of a list that belong to a part; all of them if the list has no column ``split``."""
    rows = read_rows(str(path), 'data_root')
    return rows[rows['part'] == part] if 'part' in rows and part in PARTS else rows


def without_unreadable(rows: 'pd.DataFrame') -> tuple['pd.DataFrame', 'pd.Series']:
    """Rows whose images can be read here, judged by their suffix, and the suffixes of the others."""
    names = rows['path'].str.lower()
    is_lost = [has_image_suffix(name) and not name.endswith(readable_suffixes()) for name in names]
    return rows[[not lost for lost in is_lost]], names[is_lost].map(lambda name: os.path.splitext(name)[1])


def divided_by_column(layout: Layout) -> dict[str, Path]:
    """The parts that a column ``split`` of the training list tells; a part that has a file of its own keeps it."""
    first, path = next(iter(layout.files.items()))
    if path.is_dir() or first == 'test':
        return layout.files
    rows = read_rows(str(path), 'data_root')
    there = set(rows['part']) if 'part' in rows else set()
    if not there:
        return layout.files
    own = {part: file for part, file in layout.files.items() if part != first}
    for part in sorted(there & own.keys()):
        layout.notes.append(
            f'{path}: its lines for {part} ({(rows["part"] == part).sum()}) are not read, since {own[part].name} names '
            'the images of that part'
        )
    return {part: own.get(part, path) for part in PARTS if part in there or part in own}


def choose_list(layout: Layout, root: Path, groups: Path | None = None) -> Layout:
    """Let a list of any name tell the classes where the folders do not, or the parts where it agrees with the folders.

    Args:
        layout: As the folders have it.
        root: The data root.
        groups: A list of origins, which tells classes or parts only where no other does.

    Raises:
        UserError: Nothing tells the classes, several lists tell them or the parts, a list's column of parts has a cell
            that says none, or a list and the folders divide the images differently.
    """
    groups = next((path for path in layout.lists if groups and groups.is_file() and path.samefile(groups)), None)
    usable, faults = {}, []
    for path in layout.lists:
        try:
            usable[path] = rows_of_images(path, root, layout.place)
        except UnclearParts:
            raise
        except UserError as error:
            faults += [] if path == groups else [str(error)]
    if groups in usable and (len(usable) > 1 or (folders_tell(layout) and 'part' not in usable[groups])):
        del usable[groups]
    if folders_tell(layout):
        for path, rows in usable.items():
            _check_agreement(rows, path, layout, root)
        layout.notes += [f'{fault}; it is not read, since the folders tell the classes' for fault in faults]
        _divide_folders(layout, usable, root)
        return layout
    _refuse_several(usable, root)
    if usable:
        layout.files = {'all': next(iter(usable))}
    elif not layout.files:
        raise unknown_layout(layout, root, faults)
    return layout


def _divide_folders(layout: Layout, lists: Mapping[Path, 'pd.DataFrame'], root: Path) -> None:
    """Take the parts of class folders from the list that tells them, and note what is not read."""
    dividing = {path: rows for path, rows in lists.items() if 'part' in rows and 'all' in layout.files}
    _refuse_several(dividing, root)
    layout.notes += [f'{path}: not read, since the folders tell the classes' for path in lists if path not in dividing]
    for path, rows in dividing.items():
        names = sorted((label, folder) for folder, label in _labels_of_folders(rows, layout, root) if label != folder)
        if names:
            layout.notes.append(f'{path}: its labels name the classes, such as {names[0][0]} for {names[0][1]}')
        layout.files = {'all': path}
        start = os.path.join(os.path.abspath(root), '')
        images = {image.removeprefix(start) for image in all_images(os.path.abspath(layout.place))}
        if rest := images - set(rows['path']):
            layout.notes.append(
                f'{layout.place}: not read, since {path.name} does not name them: {len(rest)} of {len(images)} images, '
                f'such as {min(rest)}'
            )


def _refuse_several(lists: Collection[Path], root: Path) -> None:
    if len(lists) > 1:
        raise UserError(
            f'{root} has several lists of images, {shorten([path.name for path in lists])}: call them train.csv, '
            'val.csv and test.csv, or take all but one away'
        )


def unknown_layout(layout: Layout, root: Path, faults: Sequence[str] = ()) -> UserError:
    """What to say where nothing tells the classes: what is there, what is needed, which list is of no use."""
    full = [f'{path.name}/' for path in image_folders(layout.place)]
    if holds_images(layout.place):
        full.insert(0, f'{layout.place.name}/')
    fault = f'has images in {shorten(full)}, but nothing tells their classes' if full else 'has no images in a form'
    if Path(root, POINTER).is_file():
        return UserError(
            f'{root} is the work dir of a run: name the folder of its images, or `ltcl report` shows the run'
        )
    tables = sorted(path.name for path in root.iterdir() if path.suffix.lower() in UNREAD_TABLES)
    faults = [*faults[:1], *([f'{shorten(tables)}: save as CSV, other tables are not read'] if tables else [])]
    masks = f'; of a segmentation, masks/ beside {full[0]}, with files of the same names' if _are_images(full) else ''
    return UserError(
        f'{layout.place if full else root} {fault}{"" if full else " that is known"}: {LAYOUTS}{masks}'
        + ''.join(f'\n{fault}' for fault in faults)
    )


def _are_images(folders: Sequence[str]) -> bool:
    """Whether the one folder with images is called so, as one beside masks is."""
    return len(folders) == 1 and folders[0].lower().rstrip('/') in ('image', 'images', 'img', 'imgs', 'jpegimages')


def _check_agreement(rows: 'pd.DataFrame', path: Path, layout: Layout, root: Path) -> None:
    """Refuse a list whose labels are not those of the folders."""
    pairs = _labels_of_folders(rows, layout, root)
    if any(len(set(names)) < len(pairs) for names in zip(*pairs, strict=True)):
        raise UserError(
            f'{path} divides the images of {layout.place} into other classes than the folders: call it train.csv to '
            'train by its labels, or put it elsewhere to train by the folders; if it tells origins, name it with '
            '--groups or head it path,group'
        )


def _labels_of_folders(rows: 'pd.DataFrame', layout: Layout, root: Path) -> set[tuple[str, str]]:
    """Each class folder with a label that a list gives to an image in it."""
    pairs = set()
    for folder in layout.files.values():
        start = f'{folder.relative_to(root)}/' if folder != root else ''
        inside = rows[rows['path'].str.startswith(start)]
        pairs |= set(zip(inside['path'].str[len(start) :].str.split('/').str[0], inside['label'], strict=True))
    return pairs
