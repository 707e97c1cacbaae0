"""Tiles of a matrix of pairs: so much of it at a time as a cache holds, and how much of it may be kept."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ltcl.errors import UserError

CPU_TILE, GPU_TILE = 2**18, 2**25
"""Elements of a tile: on a CPU it should stay in the cache, on a GPU it should keep all cores busy."""
LEAST_ROWS = 256
"""Rows of a tile, if there are so many: each tile reads all of its columns, which would be the main work of fewer."""
DEFAULT_BUDGET = 1024
"""MiB that one matrix of pairs may take: the similarities of 1,024 anchors to 262,144 rows in float32."""

_budget: float = DEFAULT_BUDGET * 2**20


@contextlib.contextmanager
def memory_budget(mib: float) -> Iterator[None]:
    """Bound what the losses in the block keep of one matrix of pairs from their forward to their backward pass.

    Above the bound the pairs are computed twice, tile by tile, with equal results.

    Args:
        mib: The bound in MiB; 0 keeps nothing.

    Raises:
        UserError: A negative bound.

    Example:
        >>> with memory_budget(256):
        ...     fits_budget(2**28), fits_budget(2**28 + 1)
        (True, False)
    """
    global _budget
    if mib < 0:
        raise UserError(f'the memory budget of the losses must be 0 or positive, in MiB, got {mib}')
    before, _budget = _budget, mib * 2**20
    try:
        yield
    finally:
        _budget = before


def fits_budget(num_bytes: int) -> bool:
    """Whether a matrix of pairs may be kept."""
    return num_bytes <= _budget


def row_ranges(num_rows: int, num_columns: int, device: torch.device, least_rows: int | None = None) -> list[slice]:
    """Ranges of rows, or of columns, whose tiles have the size that suits a device.

    Args:
        num_rows: Rows to be divided.
        num_columns: Columns of a tile, those of all sets of a batch together.
        device: Where the tiles lie.
        least_rows: Rows of a tile, if there are so many, whatever its columns. None: ``LEAST_ROWS``.
    """
    if torch.compiler.is_compiling():  # a compiler that fuses operations makes tiles of its own
        return [slice(0, num_rows)]
    most = GPU_TILE if device.type == 'cuda' else CPU_TILE
    size = max(least_rows or LEAST_ROWS, most // max(1, num_columns))
    return [slice(start, min(start + size, num_rows)) for start in range(0, num_rows, size)]


def symmetric_ranges(num_rows: int, num_sets: int, device: torch.device) -> Iterator[tuple[slice, slice]]:
    """The same for symmetric matrices, of which one half is enough.

    Args:
        num_rows: Rows and columns of each matrix.
        num_sets: Number of matrices.
        device: Where the tiles lie.

    Yields:
        A range of rows, and that of its columns, which are these rows and all later ones.
    """
    for here in row_ranges(num_rows, num_sets * num_rows, device):
        yield here, slice(here.start, num_rows)


LEAST_PARTS = 4
WIDE = 4
"""Tiles with operations of autograd are so many times wider: each costs a fraction of a millisecond beside its work."""


def sum_in_tiles(of_tile: Callable[..., Tensor], num_rows: int, num_columns: int, *tensors: Tensor) -> Tensor:
    """Sum over anchors of a loss that compares each of them with the same candidates; at most a quarter at a time.

    The gradients are formed tile by tile in the forward pass, so nothing of the size of a tile outlives it.

    Args:
        of_tile: From a range of anchors and the tensors to the losses of these anchors, shape (n,).
        num_rows: Number of anchors N.
        num_columns: Number of candidates of each.
        *tensors: What takes gradients, or may.

    Returns:
        Scalar.
    """
    if torch.compiler.is_compiling():
        return of_tile(slice(0, num_rows), *tensors).sum()
    # Half of the rows: every operation fills a tile of its own, and fresh pages cost more than reading columns again.
    ranges = row_ranges(num_rows, num_columns // WIDE, tensors[0].device, -(-LEAST_ROWS // 2))
    if len(ranges) < LEAST_PARTS:
        size = -(-num_rows // LEAST_PARTS)
        ranges = [slice(start, min(start + size, num_rows)) for start in range(0, num_rows, size)]
    return TiledSum.apply(of_tile, ranges, *tensors)


class TiledSum(torch.autograd.Function):
    """See :func:`sum_in_tiles`; first derivatives only."""

    @staticmethod
    def forward(ctx: Any, of_tile: Callable[..., Tensor], ranges: list[slice], *tensors: Tensor) -> Tensor:
        """Sum of the losses; their gradients are kept."""
        needed = ctx.needs_input_grad[2:]
        leaves = [tensor.detach().requires_grad_(need) for tensor, need in zip(tensors, needed, strict=True)]
        wanted = [leaf for leaf in leaves if leaf.requires_grad]
        gradients = [torch.zeros_like(leaf) for leaf in wanted]
        total = torch.zeros_like(tensors[0][0, 0])
        for here in ranges:
            with torch.enable_grad():
                part = of_tile(here, *leaves).sum()
            total += part.detach()
            if wanted:
                for gradient, added in zip(gradients, torch.autograd.grad(part, wanted), strict=True):
                    gradient.add_(added)
        ctx.save_for_backward(*gradients)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """The kept gradients, times that of the sum."""
        gradients = iter(ctx.saved_tensors)
        return None, None, *(grad * next(gradients) if need else None for need in ctx.needs_input_grad[2:])
