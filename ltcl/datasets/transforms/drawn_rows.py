"""Drawn operations as rows of numbers, which travel with the crops to where a batch is augmented."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .device_operations import OPERATIONS
from .operation import Operation
from .pil_operations import Resampling

NAMES = tuple(OPERATIONS)
ROW = 1 + 9  # the number of the operation, 0 for none, and its arguments
BY_WORKERS = ('resized_crop', 'padded_crop', 'flip')
# Of a colour jitter four, a blur, the grey and a hole; RandAugment adds its own.
LEAST_CAPACITY = 8


def split(operations: Sequence[Operation]) -> tuple[list[Operation], list[Operation]]:
    """What is done where the image is read, and what is left for the device.

    A flip, wherever it stands, is done at once: no recipe has one after an operation that knows left from right.
    """
    at_once = [each for each in operations if each.name in BY_WORKERS]
    return at_once, [each for each in operations if each.name not in BY_WORKERS]


def encode(operations: Sequence[Operation], shape: tuple[int, int], capacity: int) -> np.ndarray:
    """Rows of numbers for the operations of one view.

    Args:
        operations: Those that are left for the device, in order.
        shape: Height and width of the view.
        capacity: Number of rows; those that are left over are 0.

    Returns:
        float64 array (capacity, ``ROW``).
    """
    rows = np.zeros((capacity, ROW))
    for row, operation in zip(rows, operations, strict=False):
        name, arguments = _named(operation, *shape)
        row[0] = 1 + NAMES.index(name)
        row[1 : 1 + len(arguments)] = arguments
    return rows


def _named(operation: Operation, height: int, width: int) -> tuple[str, Sequence[float]]:
    """Name and arguments of an operation of ``device_operations``."""
    if operation.name in OPERATIONS:
        return operation.name, operation.arguments
    strength, resample, fill = operation.arguments
    matrix = _matrix(operation.name, strength, height, width)
    return f'affine_{Resampling(resample).name.lower()}', (*matrix, *fill)


def _matrix(name: str, strength: float, height: int, width: int) -> tuple[float, ...]:
    """From the pixels of the result to those that they come from, row by row."""
    if name == 'rotate':
        cos, sin, x, y = math.cos(math.radians(strength)), math.sin(math.radians(strength)), width / 2, height / 2
        return cos, -sin, x - x * cos + y * sin, sin, cos, y - x * sin - y * cos
    return {
        'shear_x': (1, strength, 0, 0, 1, 0),
        'shear_y': (1, 0, 0, strength, 1, 0),
        'translate_x': (1, 0, strength * width, 0, 1, 0),
        'translate_y': (1, 0, 0, 0, 1, strength * height),
    }[name]


class Turn(NamedTuple):
    """Images of a batch that get the same operation in the same turn.

    Attributes:
        name: The operation.
        images: Positions of the images in the batch.
        rows: For each the position of its row.
    """

    name: str
    images: np.ndarray
    rows: np.ndarray


def turns(numbers: np.ndarray) -> Iterator[Turn]:
    """Turns in which each image gets its operations in its order, many images in each.

    Args:
        numbers: Of the operations of each image, 0 for none, shape (N, K).
    """
    numbers = np.pad(numbers, ((0, 0), (0, 1)))
    every, places = np.arange(len(numbers)), np.zeros(len(numbers), np.int64)
    while (following := numbers[every, places]).any():
        most = np.bincount(following[following > 0]).argmax()
        images = np.flatnonzero(following == most)
        yield Turn(NAMES[most - 1], images, places[images])
        places[images] += 1


@torch.no_grad()
def apply_rows(images: Tensor, rows: Tensor) -> Tensor:
    """Apply drawn operations to a batch, on the device that it lies on.

    There is no loop over images, and one transfer for all that was drawn.

    Args:
        images: (N, C, H, W), uint8.
        rows: Of each image, (N, K, ``ROW``), float64, on the CPU.

    Returns:
        uint8 tensor of the same shape; the given one stays as it is.
    """
    planned = list(turns(rows[..., 0].numpy().astype(np.int64)))
    if not planned:
        return images
    places = np.stack([np.concatenate(each) for each in list(zip(*planned, strict=True))[1:]])
    rows, where = (each.to(images.device, non_blocking=True) for each in (rows, torch.from_numpy(places)))
    chosen, numbers = (each.split([len(turn.images) for turn in planned]) for each in where)
    images = images.clone()
    for turn, positions, number in zip(planned, chosen, numbers, strict=True):
        changed = OPERATIONS[turn.name](images.index_select(0, positions), rows[positions, number, 1:])
        images.index_copy_(0, positions, changed.contiguous())
    return images


def is_drawn(inputs: object) -> bool:
    """Whether the inputs of a batch are views with drawn operations behind them, which are still to be applied."""
    if not isinstance(inputs, list | tuple) or len(inputs) < 2:
        return False
    rows = inputs[-1]
    return isinstance(rows, Tensor) and rows.ndim == inputs[0].ndim - 2 and rows.dtype == torch.float64


def finish(inputs: Sequence[Tensor]) -> list[Tensor]:
    """Apply what was drawn to the views of a batch.

    Args:
        inputs: Views (N, C, H, W), uint8, and what ``ltcl.Views(backend='device')`` put behind them, (N, L).

    Returns:
        The views alone.
    """
    *views, flat = inputs
    rows = flat.cpu().view(len(flat), len(views), -1, ROW)
    if len({view.shape for view in views}) > 1:
        return [apply_rows(view, rows[:, position]) for position, view in enumerate(views)]
    joined = apply_rows(torch.cat(views), rows.transpose(0, 1).flatten(0, 1))
    return list(joined.chunk(len(views)))
