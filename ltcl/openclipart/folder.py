"""Openclipart as class folders: what is left out, which images are for testing, what is written."""

import errno
import json
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image
from rich.console import Console

from ..errors import UserError
from ..files import take_place
from ..neutral_text import markup
from ..progress_bars import tracked
from .source import PACKAGE, picture_files, small_picture
from .statistics import print_statistics

if TYPE_CHECKING:
    from ..datasets.fingerprints import Fingerprint

DESCRIPTION = 'openclipart.json'
PARTS = ('train', 'test')
WRITTEN = (*PARTS, DESCRIPTION)
TEST_SHARE = 0.3


class SmallPicture(NamedTuple):
    """A picture of the package made small: its file and its fingerprint."""

    path: Path
    fingerprint: 'Fingerprint'


def make_openclipart(data_root: Path, console: Console) -> None:
    """Fill the data root, unless it is full, and print what it holds.

    Args:
        data_root: Gets ``train/<class>/*.png``, ``test/<class>/*.png`` and ``openclipart.json``.
        console: Where to print.

    Raises:
        UserError: The package cannot be had or is damaged, or the data root holds something else or cannot be written.
    """
    description = read_description(data_root)
    missing = 0 if description is None else missing_images(description, data_root)
    if missing:
        console.print(f'{missing:,} images are missing in {markup(data_root)}: all are written anew', soft_wrap=True)
    if description is None or missing:
        partial = data_root / '.partial'
        foreign = [data_root / part for part in PARTS if description is None and (data_root / part).exists()]
        if foreign and not partial.exists():
            raise UserError(f'{foreign[0]} was not written by this command: name another folder with --data-root')
        try:
            description = write_images(data_root, partial, console)
        except OSError as error:
            remedy = 'make room for 500 MB' if error.errno == errno.ENOSPC else 'name another folder with --data-root'
            raise UserError(f'cannot write to {data_root} ({error.strerror or error}): {remedy}') from error
    print_statistics(description, data_root, console)


def read_description(data_root: Path) -> dict | None:
    """What ``openclipart.json`` says; None if it is not there, since it is written last."""
    try:
        description = json.loads((data_root / DESCRIPTION).read_text())
        return description if description['package'] == PACKAGE.name else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def missing_images(description: dict, data_root: Path) -> int:
    """How many of the images that the description counts are not in the folders of their classes."""
    return sum(
        max(0, number - sum(1 for _ in (data_root / part / name).glob('*.png')))
        for part, counts in description['counts'].items()
        for name, number in counts.items()
    )


def write_images(data_root: Path, partial: Path, console: Console) -> dict:
    """Write both parts and their description, whole or not at all; returns the description."""
    shutil.rmtree(partial, ignore_errors=True)
    (partial / 'small').mkdir(parents=True)
    try:
        with picture_files(data_root, partial, console) as files:
            pictures = make_small(sorted(set(files.values())), partial / 'small')
            small = {name: pictures[path] for name, path in files.items()}
        chosen, left_out = choose(small)
        parts = divide(chosen)
        for part, names in parts.items():
            for name in names:
                place = partial / part / place_of(name)
                place.parent.mkdir(parents=True, exist_ok=True)
                chosen[name].path.rename(place)
        shutil.rmtree(partial / 'small')
        description = {
            'package': PACKAGE.name,
            'files': len(files),
            'left_out': left_out,
            'counts': {part: dict(sorted(Counter(map(class_of, names)).items())) for part, names in parts.items()},
        }
        (partial / DESCRIPTION).write_text(json.dumps(description, indent=1) + '\n')
        take_place(partial, data_root, WRITTEN)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return description


def make_small(paths: Sequence[Path], folder: Path) -> dict[Path, SmallPicture | None]:
    """Write each file of the package made small; None stands for one that is too large."""
    from ..datasets.fingerprints import fingerprint

    def make(number: int) -> SmallPicture | None:
        picture = small_picture(paths[number])
        if picture is None:
            return None
        place = folder / f'{number}.png'
        Image.fromarray(picture).save(place)
        return SmallPicture(place, fingerprint(picture))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        made = pool.map(make, range(len(paths)))
        return dict(zip(paths, tracked(made, 'making small pictures', len(paths)), strict=True))


def choose(small: Mapping[str, SmallPicture | None]) -> tuple[dict[str, SmallPicture], dict[str, int]]:
    """The files that become images, one of each picture and none of a picture in several classes.

    Args:
        small: Of each file of the package by its name, ``class/.../name.png``; None for one that is too large.

    Returns:
        Those that become images, in the order of their names, and how many files are left out for which reason.
    """
    pictures = {name: picture for name, picture in sorted(small.items()) if picture is not None}
    copies = defaultdict(list)
    for name, picture in pictures.items():
        copies[picture.fingerprint.digest].append(name)
    plain = [group for group in copies.values() if len(set(map(class_of, group))) == 1]
    number = sum(map(len, plain))
    left_out = {
        'too large': len(small) - len(pictures),
        'in several classes': len(pictures) - number,
        'copies': number - len(plain),
    }
    return {name: pictures[name] for name in sorted(group[0] for group in plain)}, left_out


def divide(chosen: Mapping[str, SmallPicture]) -> dict[str, list[str]]:
    """Names of both parts: 30 % of each class for testing, near copies on one side, the same draw everywhere."""
    from ..datasets import stratified_split
    from ..datasets.same_pictures import same_pictures

    names = list(chosen)
    labels = np.unique([class_of(name) for name in names], return_inverse=True)[1]
    together = same_pictures([chosen[name].fingerprint for name in names])
    parts = stratified_split(labels, TEST_SHARE, seed=0, groups=together)
    return {part: [names[i] for i in indices] for part, indices in zip(PARTS, parts, strict=True)}


def class_of(name: str) -> str:
    """Class of a file of the package: its first folder."""
    return name.split('/')[0]


def place_of(name: str) -> str:
    """``birds/owls/1.png`` becomes ``birds/owls__1.png``: one folder for each class."""
    folder, rest = name.split('/', 1)
    return f'{folder}/{rest.replace("/", "__")}'
