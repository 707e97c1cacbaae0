"""What a training step sends between processes, and where it waits for the device."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

# Operations whose result, or its shape, is read from the device.
WAITING = {
    '_local_scalar_dense',
    'nonzero',
    'nonzero_numpy',
    'masked_select',
    'unique_dim',
    '_unique',
    '_unique2',
    'unique_consecutive',
    'bincount',
    'equal',
    'is_nonzero',
    'histc',
}


class Traffic(TorchDispatchMode):
    """Notes each collective as its name and the shapes of what this process gives, and each wait for the device."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, str, tuple[int, ...]]] = []
        self.waits: list[str] = []

    def __torch_dispatch__(
        self, func: torch._ops.OpOverload, types: Sequence, args: Sequence = (), kwargs: Mapping | None = None
    ) -> object:
        namespace, name = func._schema.name.split('::')
        if namespace == 'c10d':
            given = args[1] if 'gather' in name or 'scatter' in name or 'alltoall' in name else args[0]
            self.sent += [
                (name.strip('_'), str(each.dtype).removeprefix('torch.'), tuple(each.shape))
                for each in tree_leaves(given)
                if isinstance(each, Tensor)
            ]
        elif (
            name in WAITING
            or _has_mask(name, args)
            or _is_sent(name, args)
            or func is torch.ops.aten.repeat_interleave.Tensor
        ):
            self.waits.append(name)
        return func(*args, **(kwargs or {}))


def _has_mask(name: str, args: Sequence) -> bool:
    """Whether places are named by a mask, the number of which the device has to tell."""
    if name not in ('index', 'index_put', 'index_put_', '_index_put_impl_'):
        return False
    return any(isinstance(each, Tensor) and each.dtype in (torch.bool, torch.uint8) for each in args[1] or ())


def _is_sent(name: str, args: Sequence) -> bool:
    """Whether a list of numbers of Python becomes a tensor; a single one is handed to a kernel as it is."""
    return name == 'lift_fresh' and args[0].dim() > 0
