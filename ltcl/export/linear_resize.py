"""OpenCV's linear resizing of 8 bits as tensor operations, to the last digit, for graphs of images of any size.

A new pixel is a weighted sum of the two old ones beside its centre, along the rows first. The weights are whole
multiples of 2**-11, and the sums are rounded down twice on the way. (OpenCV's file resize.cpp.) In float64 all these
numbers are exact.
"""

from typing import Any

import torch
from mmcv.transforms import Resize
from torch import Tensor, nn

from ltcl.errors import UserError

from .resampling import number

STEP = 2.0**11
"""Weights are whole numbers of 1 / STEP."""


class LinearResize(nn.Module):
    """mmcv's ``Resize`` on tensors.

    Differs from the original: where a side ends exactly between two numbers of pixels, about one size of 60,000, mmcv's
    choice hangs on a rounding error, and this takes the larger number.

    Args:
        step: What it does likewise.

    Raises:
        UserError: It resizes in another way than linearly with OpenCV.
    """

    def __init__(self, step: Resize) -> None:
        super().__init__()
        if (step.interpolation, step.backend) != ('bilinear', 'cv2') or step.scale is None:
            raise UserError(
                'Resize of the test pipeline cannot be exported with '
                f'interpolation={step.interpolation!r}, backend={step.backend!r}, scale={step.scale}: only bilinear, '
                'by cv2, to a scale'
            )
        self.width, self.height = step.scale
        self.keep_ratio = step.keep_ratio

    def forward(self, images: Tensor) -> Tensor:
        """Map images (N, C, H, W), uint8, to whole numbers (N, C, H', W'), float64."""
        height, width = self._size(*images.shape[2:])
        return resize_linear(images, height, width)

    def _size(self, height: Any, width: Any) -> tuple[Any, Any]:
        """Numbers of new rows and columns; symbols of a graph where the old ones are."""
        if not self.keep_ratio:
            return self.height, self.width
        longer, shorter = torch.sym_max(height, width), torch.sym_min(height, width)
        most, least = max(self.width, self.height), min(self.width, self.height)

        def scaled(side: Any) -> Any:
            return torch.sym_min(
                (2 * side * most + longer) // (2 * longer), (2 * side * least + shorter) // (2 * shorter)
            )

        return scaled(height), scaled(width)


def resize_linear(images: Tensor, height: int, width: int) -> Tensor:
    """Resize images.

    Args:
        images: Values of 8 bits, shape (N, C, H, W), of any type.
        height: New rows; a symbol of a graph or a number.
        width: New columns.

    Returns:
        Whole numbers of 0..255, float64, shape (N, C, height, width).
    """
    old_height, old_width = images.shape[2:]
    left, share = _places(old_width, width)
    # Beyond the centres of the outermost pixels a row goes on as they are; a column has them twice instead.
    share = torch.where((left < 0) | (left >= old_width - 1), 0.0, share)
    first, second = _weights(share)
    before, behind = (images.double().index_select(3, _within(each, old_width)) for each in (left, left + 1))
    rows = before * first + behind * second
    top, share = _places(old_height, height)
    first, second = _weights(share)
    above, below = ((rows.index_select(2, _within(each, old_height)) / 16).floor() for each in (top, top + 1))
    sums = (above * first[:, None] / 2**16).floor() + (below * second[:, None] / 2**16).floor()
    return ((sums + 2) / 4).floor().clamp(0, 255)


def _places(old: int, new: int) -> tuple[Tensor, Tensor]:
    """The old pixel before the centre of each new one, and how far behind that it lies, float32, shape (new,)."""
    scale = 1 / (number(new) / number(old))
    centres = ((torch.arange(new, dtype=torch.float64) + 0.5) * scale - 0.5).float()
    before = centres.floor()
    return before.long(), centres - before


def _weights(share: Tensor) -> tuple[Tensor, Tensor]:
    """Weights of the old pixel before and behind, times STEP, float64."""
    return ((1 - share) * STEP).round().double(), (share * STEP).round().double()


def _within(places: Tensor, size: int) -> Tensor:
    return places.clamp_min(0).clamp_max(size - 1)
