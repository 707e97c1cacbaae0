"""The images that a model is asked about: paths, folders, arrays and pictures."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image as Pillow

from ltcl.datasets.folder_names import is_no_class
from ltcl.datasets.folder_walk import walk_images
from ltcl.datasets.transforms.bit_depth import GREY_MODES
from ltcl.datasets.transforms.load_image import why
from ltcl.datasets.transforms.upright import AS_IT_LIES, turn_of
from ltcl.errors import UserError
from ltcl.notices import warn
from ltcl.similar_paths import meant_path
from ltcl.work_dir import POINTER

Image = str | os.PathLike | np.ndarray | Pillow.Image
"""A file, a folder, an RGB array (H, W, 3) or grey one (H, W), or a picture of Pillow."""
# Modes of Pillow whose arrays are what they look like.
PLAIN_MODES = ('L', 'RGB', 'RGBA', *GREY_MODES)

# Kinds of arrays that hold paths or pictures, not pixels: objects and all kinds of text.
OF_THINGS = 'OSTU'


class Source(NamedTuple):
    """An image: its file, or else its pixels.

    Args:
        path: The file; None of an array or a picture.
        pixels: Of an array or a picture.
        turn: The value of an EXIF tag that tells how they are looked at.
        fault: Why a picture has no pixels, as of a file that Pillow reads only when they are asked for.
    """

    path: str | None
    pixels: np.ndarray | None = None
    turn: int = AS_IT_LIES
    fault: str | None = None


def find_images(images: Image | Iterable[Image]) -> list[Source]:
    """The images, one by one; a folder gives all below it, walked through as for a training and sorted by path.

    Args:
        images: One of them or several, also as an array of paths or pictures.

    Raises:
        UserError: A path does not exist, a folder has no image or cannot be read, or something is no image.
    """
    if isinstance(images, np.ndarray) and images.dtype.kind in OF_THINGS:
        images = images.ravel().tolist()
    given = [images] if isinstance(images, Image) else list(images)
    sources = [source for each in given for source in _sources(each)]
    if not sources:
        raise UserError('there is no image to look at: give a path, an array or a picture')
    return sources


def _sources(image: Image) -> list[Source]:
    if isinstance(image, np.ndarray):
        return [Source(None, image)]
    if isinstance(image, Pillow.Image):
        return [_of_picture(image)]
    if not isinstance(image, str | os.PathLike):
        raise UserError(
            f'an image is a path, an array (H, W, 3) of RGB or a picture of Pillow, not {type(image).__name__}'
        )
    path = os.fspath(image)
    if os.path.isdir(path):
        return [Source(found) for found in _images_in(path)]
    if not os.path.exists(path):
        raise UserError(f'{path} does not exist: {meant_path(path, "name an image file, or a folder of them")}')
    return [Source(path)]


def _images_in(folder: str) -> list[str]:
    # A folder that lies in the root of the walk is not taken for a loop of links.
    [paths], left_out = walk_images(str(Path(folder).resolve().parent), [[folder]])
    left_out.tell(folder)
    of_runs = {parent for parent in set(map(os.path.dirname, paths)) if _is_of_run(parent, folder)}
    images = [path for path in paths if os.path.dirname(path) not in of_runs]
    if len(images) < len(paths):
        first = next(path for path in paths if os.path.dirname(path) in of_runs)
        warn(f'{folder}: left out, since trainings leave such pictures: {len(paths) - len(images)} such as {first}')
    if not images:
        raise UserError(f'the folder {folder} has no image that can be read here')
    return images


def _is_of_run(inner: str, folder: str) -> bool:
    """Whether a folder lies in one that a training on the folder around it passes over, or in a work dir."""
    names = Path(os.path.relpath(inner, folder)).parts
    above = (Path(folder, *names[:depth]) for depth in range(1, len(names) + 1))
    return bool(names) and (is_no_class(names[0]) or any((each / POINTER).is_file() for each in above))


def _of_picture(picture: Pillow.Image) -> Source:
    try:
        return Source(None, _array_of(picture), turn_of(picture))
    except Exception as error:  # Pillow's plugins raise more than their documentation says
        return Source(None, fault=why(error))


def _array_of(picture: Pillow.Image) -> np.ndarray:
    if picture.mode in PLAIN_MODES:
        return np.array(picture)
    is_transparent = 'transparency' in picture.info or picture.mode.endswith(('A', 'a'))
    return np.array(picture.convert('RGBA' if is_transparent else 'RGB'))
