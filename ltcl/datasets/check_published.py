"""Comparing a data set on disk with what is known of it. Pure of printing: each problem is one sentence."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ..errors import UserError
from ..evaluation.functional import shot_groups
from ..registry import DATASETS
from .class_folders import scan_class_folders
from .list_files import check_files, read_rows
from .list_labels import label_numbers
from .published import Part, PublishedSet

SORTING_LIST = 'ImageNet_LT/ImageNet_LT_test.txt'


@dataclass
class Finding:
    """What a part of a data set was found to be.

    Args:
        part: Name of the part.
        counts: Images of each class, int64, shape (num_classes,); None where the part could not be read.
        problems: One sentence each.
    """

    part: str
    counts: np.ndarray | None
    problems: list[str]


def check_set(
    published: PublishedSet, root: str | Path, files: str = 'sample', download: bool = False
) -> list[Finding]:
    """Compare all parts of a data set with what is known of them.

    Args:
        published: What is known.
        root: Folder of the data set.
        files: Which of the images that a list names are looked for: 'sample' (256), 'all' or 'none'.
        download: Get what is missing where the library can (CIFAR, SVHN).

    Returns:
        A finding for each part, in their order.
    """
    root = Path(root)
    return [_check_part(published, name, root, files, download) for name in published.parts]


def flat_images(folder: Path) -> int:
    """Number of images that lie in the validation folder of ImageNet itself instead of in class folders."""
    try:
        with os.scandir(folder) as entries:
            return sum(entry.name.lower().endswith('.jpeg') for entry in entries)
    except OSError:
        return 0


def sort_into_class_folders(root: str | Path) -> int:
    """Move the validation images of ImageNet into class folders, as the test list of ImageNet-LT names them.

    Args:
        root: Folder of ImageNet, with ``val`` and the list.

    Returns:
        Number of images that were moved; those that are in their places stay.

    Raises:
        UserError: The list cannot be read.
    """
    root = Path(root)
    moved = 0
    for path in read_rows(str(root / SORTING_LIST))['path']:
        source, target = root / 'val' / Path(path).name, root / path
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(source, target)
            moved += 1
    return moved


def _check_part(published: PublishedSet, name: str, root: Path, files: str, download: bool) -> Finding:
    part = published.parts[name]
    path = root / part.source
    is_list = part.source.endswith('.txt')
    problems: list[str] = []
    try:
        if published.reader:
            labels = _read_arrays(published.reader, part, root, download)
        elif not path.exists():
            raise UserError(f'{path} is missing: get it from {part.origin}')
        elif not is_list:
            labels = _read_folder(path)
        else:
            labels, problems = _read_list(published, part, root, files)
    except UserError as error:
        return Finding(name, None, [str(error)])
    # A folder has as many classes as folders; a list or an archive can lack the images of a class.
    counts = np.bincount(labels, minlength=published.num_classes if is_list or published.reader else 0)
    wrong = _wrong_counts(published, name, counts)
    if wrong:
        problems = [f'{path} has {", ".join(wrong)}: get it anew from {part.origin}', *problems]
    return Finding(name, counts, problems)


def _read_arrays(reader: dict, part: Part, root: Path, download: bool) -> np.ndarray:
    arguments = {} if reader['type'] == 'ltcl.FashionMNISTLT' else {'download': download}
    return DATASETS.build(dict(**reader, data_root=str(root), split=part.source, **arguments)).get_gt_labels()


def _read_folder(path: Path) -> np.ndarray:
    if num_flat := flat_images(path):
        raise UserError(_flat_folder(path, num_flat))
    return scan_class_folders(path)[1]


def _read_list(published: PublishedSet, part: Part, root: Path, files: str) -> tuple[np.ndarray, list[str]]:
    """Labels of a list, and what is wrong with its lines and with the images that it names."""
    path = str(root / part.source)
    rows = read_rows(path)
    labels = label_numbers(rows, path, published.num_classes)
    problems = []
    repeated = rows['path'].duplicated()
    if repeated.any():
        line = repeated.idxmax()
        problems.append(
            f'{path}, line {line}: {rows["path"][line]} is named before ({repeated.sum()} such lines): '
            f'get the list anew from {part.origin}'
        )
    is_test_of_imagenet = rows['path'].str.startswith('val/n').any()
    if files != 'none' and is_test_of_imagenet and (num_flat := flat_images(root / 'val')):
        return labels, [*problems, _flat_folder(root / 'val', num_flat)]
    try:
        check_files([str(root / image) for image in rows['path']], rows, path, files)
    except UserError as error:
        problems.append(f'{error}; the images are {published.images}')
    return labels, problems


def _flat_folder(folder: Path, num_flat: int) -> str:
    return (
        f'{num_flat} images lie in {folder} itself, but each must be in the folder of its class: put '
        f'{Path(SORTING_LIST).name} in {folder.parent / "ImageNet_LT"} and add --sort-val, which moves them'
    )


def _wrong_counts(published: PublishedSet, name: str, counts: np.ndarray) -> list[str]:
    """What differs from the known numbers."""
    part = published.parts[name]
    shots = tuple(int(group.sum()) for group in shot_groups(torch.from_numpy(counts)).values())
    found = {
        'classes': (len(counts), published.num_classes),
        'images': (int(counts.sum()), part.images),
        'images of the largest class': (int(counts.max()), part.largest),
        'images of the smallest class': (int(counts.min()), part.smallest),
        'many-, medium- and few-shot classes': (shots, published.shots if name == 'train' else None),
    }
    return [f'{has} {what} instead of {known}' for what, (has, known) in found.items() if known not in (None, has)]
