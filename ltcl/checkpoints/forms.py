"""Values that an original lays out otherwise than we do."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ltcl.errors import UserError


def _classwise_rows(columns: Tensor, num_classes: int) -> Tensor:
    """Columns (D, C * S), class after class, to rows (C, S, D)."""
    return columns.reshape(len(columns), num_classes, -1).permute(1, 2, 0).contiguous()


def _classwise_columns(rows: Tensor, num_classes: int) -> Tensor:
    return rows.permute(2, 0, 1).flatten(1).contiguous()


def _transposed(values: Tensor, num_classes: int) -> Tensor:
    return values.T.contiguous()


def _by_channel(values: Tensor, num_classes: int) -> Tensor:
    """Last axis of Swin's patch merging, from (column, row, channel) to mmseg's (channel, row, column)."""
    return values.unflatten(-1, (2, 2, -1)).transpose(-3, -1).flatten(-3).contiguous()


def _by_position(values: Tensor, num_classes: int) -> Tensor:
    return values.unflatten(-1, (-1, 2, 2)).transpose(-3, -1).flatten(-3).contiguous()


def _square(values: Tensor, num_classes: int) -> Tensor:
    return values.reshape(math.isqrt(values.numel()), -1)


def _simplex(weight: Tensor, num_classes: int) -> Tensor:
    """CeCo's fixed classifier, (C, D), as it is.

    Raises:
        UserError: It is none: files of CeCo and Region Rebalance have the same names.
    """
    rows = weight.double()
    cosines = torch.full((len(rows),) * 2, -1 / (len(rows) - 1), dtype=torch.float64).fill_diagonal_(1)
    if not weight.is_meta and not torch.allclose(rows @ rows.T, cosines, rtol=0, atol=1e-3):
        raise UserError('the region classifier of this file is no simplex, so it is not of CeCo: use --from rr-seg')
    return weight


# Theirs to ours, ours to theirs; the second argument is the number of classes.
FORMS: dict[str, tuple[Callable[[Tensor, int], Tensor], Callable[[Tensor, int], Tensor]]] = {
    'same': (lambda values, num_classes: values, lambda values, num_classes: values),
    'transposed': (_transposed, _transposed),
    'row': (lambda values, num_classes: values.flatten(), lambda values, num_classes: values[None]),
    'classwise': (_classwise_rows, _classwise_columns),
    'merged_patches': (_by_channel, _by_position),
    'square': (_square, lambda values, num_classes: values.flatten()),
    'simplex': (_simplex, lambda values, num_classes: values),
}
