"""Pillow's resizing as tensor operations, to the last digit, for graphs whose images may have any size.

Pillow resizes the rows, rounds to 8 bits, then resizes the columns; since version 13 the columns come first where the
height shrinks by more than twice the pixels of the width. A new pixel is a weighted sum of those within reach of a
filter that is as wide as the image shrinks; the weights are whole multiples of 2**-22. (Pillow's file Resample.c.) In
float64 all these sums are exact, so the order in which they are added does not matter.
"""

from collections.abc import Callable
from typing import NamedTuple

import PIL
import torch
from torch import Tensor

ORDERS_PASSES = int(PIL.__version__.split('.')[0]) >= 13
STEP = float(2**22)
"""Weights and sums are whole numbers of 1 / STEP."""
BLOCK = 16
"""New pixels of a matrix product; the fewer, the fewer zeros it has."""


def _bilinear(x: Tensor) -> Tensor:
    return (1 - x.abs()).clamp_min(0)


def _bicubic(x: Tensor) -> Tensor:
    a, x = -0.5, x.abs()
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return torch.where(x < 1, near, torch.where(x < 2, far, 0.0))


FILTERS: dict[str, tuple[Callable[[Tensor], Tensor], int]] = {'bilinear': (_bilinear, 1), 'bicubic': (_bicubic, 2)}
"""Filter and its reach in pixels, by name."""


class Line(NamedTuple):
    """How the rows, or the columns, are resized; all but ``size`` may be symbols of a graph.

    Args:
        old: Old length.
        new: New length.
        first: First of the new pixels that are wanted.
        size: Their number.
    """

    old: int
    new: int
    first: int
    size: int

    @property
    def scale(self) -> Tensor:
        """Old pixels a new one, a float64 scalar."""
        return number(self.old) / number(self.new)


class Taps(NamedTuple):
    """Old pixels and their weights in the new ones, which are taken in blocks.

    Args:
        pixels: The old pixels that a block needs, int64, shape (blocks, L).
        weights: Times STEP, float64, shape (blocks, L, BLOCK).
        size: Number of new pixels that are wanted; the last block may have more.
    """

    pixels: Tensor
    weights: Tensor
    size: int


def resize(images: Tensor, rows: Line, columns: Line, interpolation: str) -> Tensor:
    """Resize images, of which only the pixels within a window are computed.

    Args:
        images: Values of 8 bits, shape (N, C, H, W), of any type.
        rows: From H to a new height, and the window in it.
        columns: From W to a new width, and the window in it.
        interpolation: 'nearest' or one of ``FILTERS``.

    Returns:
        Whole numbers of 0..255, float64, shape (N, C, rows.size, columns.size).
    """
    if interpolation == 'nearest':
        return images.index_select(2, _nearest(rows)).index_select(3, _nearest(columns)).double()
    down, across = (_taps(line, *FILTERS[interpolation]) for line in (rows, columns))

    def across_first(images: Tensor) -> Tensor:
        return _resize_columns(_resize_rows(images, across), down)

    def down_first(images: Tensor) -> Tensor:
        return _resize_rows(_resize_columns(images, down), across)

    if not ORDERS_PASSES:
        return across_first(images)
    is_flattened = rows.old - rows.new > torch.sym_max(0, 2 * (columns.old - columns.new))
    if torch.compiler.is_compiling():  # a graph knows the sizes only when it runs
        return torch.cond(is_flattened, down_first, across_first, (images,))
    return down_first(images) if is_flattened else across_first(images)


def _resize_rows(images: Tensor, taps: Taps) -> Tensor:
    blocks, length = taps.pixels.shape
    needed = images.index_select(3, taps.pixels.flatten()).unflatten(3, (blocks, length))
    sums = needed.permute(3, 0, 1, 2, 4).flatten(1, 3).double() @ taps.weights
    new = torch.floor(sums / STEP + 0.5).clamp(0, 255).unflatten(1, images.shape[:3])
    return new.permute(1, 2, 3, 0, 4).flatten(3)[..., : taps.size].contiguous()


def _resize_columns(images: Tensor, taps: Taps) -> Tensor:
    return _resize_rows(images.mT, taps).mT.contiguous()  # as both branches of torch.cond must be


def _taps(line: Line, function: Callable[[Tensor], Tensor], reach: int) -> Taps:
    """What the new pixels of a row are made of.

    Args:
        line: The row.
        function: The filter.
        reach: How far it reaches, in new pixels where the row shrinks, else in old ones.
    """
    stretch = line.scale.clamp_min(1)
    wanted = torch.arange(-(-line.size // BLOCK) * BLOCK, dtype=torch.float64).view(-1, 1, BLOCK)
    centers = (wanted + number(line.first) + 0.5) * line.scale
    lowest = (centers - reach * stretch + 0.5).trunc().clamp_min(0)
    highest = (centers + reach * stretch + 0.5).trunc()
    most = (BLOCK + 2 * reach) * line.old // line.new + 2 * reach + 3
    pixels = lowest[:, :, :1] + torch.arange(most, dtype=torch.float64)[:, None]
    # In Pillow's order of operations, whose roundings decide about a weight that lies between two multiples.
    values = function((pixels - centers + 0.5) * (1 / stretch))
    values = torch.where((pixels >= lowest) & (pixels < highest) & (pixels < line.old), values, 0.0)
    shares = values / values.sum(1, keepdim=True) * STEP
    weights = torch.where(shares < 0, shares - 0.5, shares + 0.5).trunc()
    return Taps(pixels[:, :, 0].long().clamp_max(line.old - 1), weights, line.size)


def _nearest(line: Line) -> Tensor:
    """The old pixels that the new ones copy, int64, shape (size,).

    Pillow goes from one new pixel to the next by adding, and so does this, to make the same errors of rounding.
    """
    steps = torch.ones(line.new, dtype=torch.float64) * line.scale
    steps = torch.where(torch.arange(line.new) == 0, line.scale / 2, steps)
    return steps.cumsum(0).narrow(0, line.first, line.size).long().clamp_max(line.old - 1)


def number(value: int) -> Tensor:
    """A number, or a symbol of a graph, as a float64 scalar."""
    return torch.full((), value, dtype=torch.float64)
