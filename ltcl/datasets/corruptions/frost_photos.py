"""Photographs of frost: those of ImageNet-C, where a package that has them is installed, or one's own."""

from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np

from ...errors import UserError
from ..image_kinds import readable_suffixes
from ..robustness import read_image

PACKAGE = 'imagecorruptions-imaug'
# The sixth of the package is one that the code which made ImageNet-C never draws.
PUBLISHED = ('frost1.png', 'frost2.png', 'frost3.png', 'frost4.jpg', 'frost5.jpg')


def published_photos() -> list[Path]:
    """Files of ImageNet-C's five photographs; none if the package is not installed. Its code is not imported."""
    try:
        files = metadata.files(PACKAGE) or ()
    except metadata.PackageNotFoundError:
        return []
    places = {file.name: Path(str(file.locate())) for file in files if file.parent.name == 'frost'}
    return [places[name] for name in PUBLISHED if name in places and places[name].is_file()]


def read_frost(source: str | Path, profile: str) -> list[np.ndarray]:
    """Photographs of frost, float32 in [0, 1]; for small images a fifth of their size, as in the published code.

    Args:
        source: A folder, or the name of the package, ``PACKAGE``.
        profile: Of the severities, ``'small'`` or ``'large'``.

    Raises:
        UserError: There is none, or one cannot be read.
    """
    if source == PACKAGE:
        paths = published_photos()
        if len(paths) != len(PUBLISHED):
            raise UserError(f'the package {PACKAGE} with its photographs of frost is missing: pip install {PACKAGE}')
    else:
        folder = Path(source)
        paths = sorted(path for path in folder.iterdir() if path.name.lower().endswith(readable_suffixes()))
        if not paths:
            raise UserError(f'{folder} has no photographs of frost: put some there, or leave --frost-images away')
    photos = [read_image(path, 'rgb').astype(np.float32) / 255 for path in paths]
    return [cv2.resize(photo, None, fx=0.2, fy=0.2) for photo in photos] if profile == 'small' else photos


def covering(photos: Sequence[np.ndarray], height: int, width: int) -> list[np.ndarray]:
    """The photographs, enlarged where one does not cover an image of this size."""
    scales = [max(height / photo.shape[0], width / photo.shape[1]) for photo in photos]
    return [
        photo
        if scale <= 1
        else cv2.resize(photo, (max(width, round(scale * photo.shape[1])), max(height, round(scale * photo.shape[0]))))
        for photo, scale in zip(photos, scales, strict=True)
    ]
