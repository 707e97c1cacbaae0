"""Values that an original lays out otherwise than we do."""

from collections.abc import Callable

from torch import Tensor


def _classwise_rows(columns: Tensor, num_classes: int) -> Tensor:
    """Columns (D, C * S), class after class, to rows (C, S, D)."""
    return columns.reshape(len(columns), num_classes, -1).permute(1, 2, 0).contiguous()


def _classwise_columns(rows: Tensor, num_classes: int) -> Tensor:
    return rows.permute(2, 0, 1).flatten(1).contiguous()


def _transposed(values: Tensor, num_classes: int) -> Tensor:
    return values.T.contiguous()


# Theirs to ours, ours to theirs; the second argument is the number of classes.
FORMS: dict[str, tuple[Callable[[Tensor, int], Tensor], Callable[[Tensor, int], Tensor]]] = {
    'same': (lambda values, num_classes: values, lambda values, num_classes: values),
    'transposed': (_transposed, _transposed),
    'row': (lambda values, num_classes: values.flatten(), lambda values, num_classes: values[None]),
    'classwise': (_classwise_rows, _classwise_columns),
}
