"""The pictures of Open Clip Art Library 0.18, as Debian packages them. They are in the public domain."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console

from ..debian_package import DebianPackage
from ..errors import SourceError, UserError

PACKAGE = DebianPackage('openclipart-png', Path('usr/share/openclipart/png'), megabytes=131)
NUM_FILES, NUM_CLASSES = 8121, 22
SIDE = 256
MAX_PIXELS = 128_000_000  # as ltcl.LoadImage reads them


@contextmanager
def picture_files(data_root: Path, workspace: Path, console: Console) -> Iterator[dict[str, Path]]:
    """The files of the package by ``class/.../name.png``, in the order of their names, for as long as it is unpacked.

    Args:
        data_root: Where a ``.deb`` file of the package may lie.
        workspace: Folder to unpack below.
        console: Where progress is shown.

    Raises:
        UserError: The package cannot be had, is damaged, or is another version.
    """
    given = next(iter(sorted(data_root.glob(f'{PACKAGE.name}*.deb'))), None)
    try:
        with PACKAGE.files(console, given, workspace) as folder:
            files = {path.relative_to(folder).as_posix(): path.resolve() for path in sorted(folder.rglob('*.png'))}
            classes = {name.split('/')[0] for name in files}
            if (len(files), len(classes)) != (NUM_FILES, NUM_CLASSES):
                raise SourceError(
                    f'{len(files):,} pictures in {len(classes)} folders, known are {NUM_FILES:,} in {NUM_CLASSES}'
                )
            yield files
    except SourceError as error:
        place = given or f'the Debian package {PACKAGE.name}'
        raise UserError(
            f'cannot take the pictures from {place} ({error}): connect to a network, or put the .deb file of '
            f'https://packages.debian.org/{PACKAGE.name} into {data_root}, and run this again'
        ) from error


def small_picture(path: Path) -> np.ndarray | None:
    """A picture on white, 256 pixels wide or high at most, RGB, uint8, shape (H, W, 3); None if it is too large.

    Raises:
        UserError: The file is damaged.
    """
    from ..datasets.transforms.image_files import open_image

    try:
        with path.open('rb') as file, open_image(file, max_pixels=None) as image:
            if image.width * image.height > MAX_PIXELS:
                return None
            picture = image.convert('RGBA')
    except (OSError, ValueError, SyntaxError, EOFError, zlib.error) as error:
        raise UserError(f'{path.name} is damaged ({error}): get {PACKAGE.name} anew, and run this again') from error
    picture.thumbnail((SIDE, SIDE))
    return np.asarray(Image.alpha_composite(Image.new('RGBA', picture.size, 'white'), picture).convert('RGB'))
