"""JPEG files decoded at a half, a quarter or an eighth, where no view loses by it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image
from PIL.Image import Resampling

from ltcl.errors import UserError

from .operation import Operation

REDUCTIONS = (8, 4, 2)
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Undecoded:
    """A JPEG file of which only the header is read: its views are drawn before its pixels are decoded.

    Any other step than those of ltcl that reaches for its pixels is told how to get them.

    Args:
        size: Height and width in pixels.
        decode: Takes 1, 2, 4 or 8, the divisor of both sides, and gives the pixels, RGB (H, W, 3), uint8; None asks the
            data set for another image, as :class:`~ltcl.datasets.transforms.LoadImage` does.
    """

    size: tuple[int, int]
    decode: Callable[[int], np.ndarray | None]

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        """Pixels for a step that does not say at which size it needs them.

        Raises:
            UserError: Always.
        """
        raise _misplaced()

    def __getattr__(self, name: str) -> Any:
        """What arrays and Pillow's images have."""
        if name.startswith('__') and name != '__array_interface__':
            raise AttributeError(name)
        raise _misplaced()


def _misplaced() -> UserError:
    return UserError(
        'ltcl.LoadImage(reduced=True) must stand directly before ltcl.Views or ltcl.EvalView: reorder the pipeline, or '
        'leave reduced out'
    )


def reduction_for(crops: Iterable[Operation]) -> int:
    """The largest divisor at which no crop has fewer pixels than the view that is made of it.

    Args:
        crops: The first operation of each view.

    Returns:
        8, 4, 2, or 1.

    Example:
        >>> crop = Operation('resized_crop', ((10, 20, 1010, 920), 224, Resampling.BILINEAR))
        >>> reduction_for([crop])
        4
    """
    return largest_reduction(min(map(_scale_of, crops)))


def largest_reduction(scale: float) -> int:
    """The largest divisor of 8, 4, 2, 1 that is not above a scale, pixels of the file for one of the view."""
    return next((divisor for divisor in REDUCTIONS if divisor <= scale), 1)


def _scale_of(crop: Operation) -> float:
    if crop.name != 'resized_crop':
        return 1
    (left, top, right, bottom), size, *_ = crop.arguments
    return min(right - left, bottom - top) / size


def resized_box(picture: Image.Image, box: Box, size: tuple[int, int], resample: Resampling) -> np.ndarray:
    """A box whose sides lie between pixels, as those of a reduced picture do, resized by Pillow.

    Rounded to whole pixels, a view would be shifted by up to half a pixel, which costs more than the reduction.

    Args:
        picture: RGB.
        box: Left, top, right, bottom.
        size: Width and height of the result.
        resample: Interpolation.

    Returns:
        RGB array (height, width, 3), uint8.
    """
    return np.array(picture.resize(size, resample, box))
