"""Which tensor holds a number that is not finite: of a model, of a checkpoint, of a list."""

from collections.abc import Collection, Iterable, Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn.utils import get_total_norm

from ltcl.errors import UserError

from .sharded.tensors import local_part


def is_finite(tensor: Tensor) -> bool:
    """Whether every number of a tensor is finite; integers are. Of a sharded one, this process's part."""
    return not tensor.is_floating_point() or bool(local_part(tensor).isfinite().all())


def first_not_finite(tree: object, allowed: Collection[str] = ()) -> str | None:
    """Name of the first tensor that is not finite.

    Args:
        tree: A state dict, or dicts and lists of tensors in any depth, such as an optimizer's state.
        allowed: Names that may hold what is not finite, see :func:`not_finite_by_design`.

    Returns:
        The keys that lead to it, joined by dots; None if all numbers are finite.
    """
    named = _named_tensors(tree)
    return next((name for name, tensor in named if name not in allowed and not is_finite(tensor)), None)


def _named_tensors(tree: object, prefix: str = '') -> Iterator[tuple[str, Tensor]]:
    if isinstance(tree, Tensor):
        yield prefix, tree
    elif isinstance(tree, Mapping | list | tuple):
        items = tree.items() if isinstance(tree, Mapping) else enumerate(tree)
        for key, value in items:
            yield from _named_tensors(value, f'{prefix}.{key}' if prefix else str(key))


def are_finite(tensors: Iterable[Tensor]) -> bool:
    """Whether all numbers of many tensors are finite, in a few operations; waits for the device."""
    parts = [local_part(tensor.detach()) for tensor in tensors if tensor.is_floating_point()]
    tensors = [part for part in parts if part.numel()]
    # The norm is not finite either where squares overflow, so only a bad one is followed up.
    return not tensors or bool(get_total_norm(tensors).isfinite()) or all(map(is_finite, tensors))


def not_finite_by_design(model: nn.Module) -> frozenset[str]:
    """Names of the buffers that hold infinities as the model is now, such as a mask of -inf; NaN is never meant."""
    return frozenset(
        name for name, buffer in model.named_buffers() if not is_finite(buffer) and not buffer.isnan().any()
    )


def refuse_not_finite(tensors: Mapping[str, Tensor], allowed: Collection[str], source: str) -> None:
    """Refuse the tensors of a checkpoint if a number of theirs is not finite.

    Args:
        tensors: By name.
        allowed: Names that may hold what is not finite.
        source: Where they came from, for the message.

    Raises:
        UserError: Names the tensor.
    """
    if name := first_not_finite(tensors, allowed):
        raise UserError(
            f'the checkpoint {source} holds a number that is not finite, in {name}: the training that wrote it had '
            'failed by then. Give an earlier checkpoint'
        )


class FiniteFlag:
    """Remembers on the device whether a number that was not finite came by.

    Args:
        device: Of all tensors that are to be looked at.
    """

    def __init__(self, device: torch.device) -> None:
        self._found, self._one = torch.zeros(1, device=device), torch.ones(1, device=device)

    @torch.no_grad()
    def add(self, tensors: Iterable[Tensor]) -> None:
        """Look at tensors, without waiting for the device."""
        by_dtype: dict[torch.dtype, list[Tensor]] = {}
        for tensor in tensors:
            by_dtype.setdefault(tensor.dtype, []).append(local_part(tensor.detach()))
        for each in by_dtype.values():
            # The kernel of PyTorch's gradient scaler: one launch for all tensors, which it multiplies by 1.
            torch._amp_foreach_non_finite_check_and_unscale_(each, self._found, self._one)

    def pop(self) -> bool:
        """Whether something came by since the last call; waits for the device."""
        found = bool(self._found)
        if found:
            self._found.zero_()
        return found
