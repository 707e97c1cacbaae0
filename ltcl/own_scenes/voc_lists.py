"""Lists of a division in the form of Pascal VOC: a file for each part with the names of its images."""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

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
        lists: Of :func:`voc_lists`.
        images: Paths of images.

    Returns:
        Parts by path; images that no list names are missing.

    Raises:
        UserError: An image is in two lists, or a list of training or validation names one that is not there.
    """
    by_name = {PurePosixPath(image).stem: image for image in images}
    parts: dict[str, str] = {}
    for part, path in lists.items():
        for line in path.read_text(encoding='utf-8-sig').splitlines():
            name = line.split()[0] if line.split() else ''
            image = by_name.get(name) or by_name.get(PurePosixPath(name).stem)
            if image is None:
                if name and part != 'test':
                    raise UserError(f'{path} names {name}, of which there is no image with a mask: correct the list')
                continue
            if parts.setdefault(image, part) != part:
                raise UserError(f'{path} names {name}, which is in {lists[parts[image]].name} as well: take it out')
    return parts
