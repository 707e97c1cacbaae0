"""Tensors of a checkpoint, made on storages of the file and never beyond their ends."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from .pickles import STORAGE, Refused
from .plain_values import Part

MAX_STRETCH = 2**26  # bytes by which all tensors of a file may exceed their storages, as views of stride 0 do
MAX_DIMS = 32
STORAGE_TYPES = {
    'Double': torch.float64,
    'Float': torch.float32,
    'Half': torch.float16,
    'BFloat16': torch.bfloat16,
    'Long': torch.int64,
    'Int': torch.int32,
    'Short': torch.int16,
    'Char': torch.int8,
    'Byte': torch.uint8,
    'Bool': torch.bool,
    'ComplexDouble': torch.complex128,
    'ComplexFloat': torch.complex64,
    'Untyped': torch.uint8,
}
NAMES = {
    **{str(value): value for value in vars(torch).values() if isinstance(value, torch.dtype)},
    **{f'torch.{name}Storage': dtype for name, dtype in STORAGE_TYPES.items()},
    **{f'torch.storage.{name}Storage': dtype for name, dtype in STORAGE_TYPES.items()},
}


@dataclass(frozen=True)
class Storage(Part):
    """Numbers of a file, and of which type they are.

    Args:
        bytes: Shape (num_bytes,), uint8.
        dtype: Type of the numbers.
    """

    bytes: Tensor
    dtype: torch.dtype
    path = 'a storage without its tensor'


class TensorValues:
    """Makes tensors.

    Args:
        load: Gives the bytes of a storage by its key and their number.
        load_nested: Gives the storage in the bytes of a file within the file, as pickles of tensors without
            ``torch.save`` have them.
    """

    def __init__(self, load: Callable[[str, int], Tensor], load_nested: Callable[[bytes], Storage]) -> None:
        self._load = load
        self._stretch = MAX_STRETCH
        self.functions: dict[str, Callable[..., object]] = {
            STORAGE: self.storage,
            'torch.storage._load_from_bytes': load_nested,
            'torch._utils._rebuild_tensor': self.view,
            'torch._utils._rebuild_tensor_v2': self.tensor,
            'torch._utils._rebuild_tensor_v3': self.tensor_of_type,
            'torch._utils._rebuild_parameter': parameter,
            'torch._utils._rebuild_parameter_with_state': parameter,
            'torch.Size': size,
            'torch.device': device,
        }

    def storage(self, dtype: torch.dtype, key: str, location: str, num_values: int, view: None = None) -> Storage:
        """A storage of the file; where it lay once does not matter."""
        if not isinstance(key, str) or not _is_count(num_values) or view is not None:
            raise ValueError('a storage of another kind')
        return Storage(self._load(key, num_values * dtype.itemsize), dtype)

    def view(self, storage: Storage, offset: int, shape: tuple, stride: tuple) -> Tensor:
        """A tensor on a storage.

        Raises:
            ValueError: It reaches beyond the storage, or takes far more memory than that.
        """
        if not all(map(_is_count, (offset, *shape, *stride))) or not len(shape) == len(stride) <= MAX_DIMS:
            raise ValueError('a shape of other things than counts')
        if math.prod(max(length, 1) for length in shape) >= 2**62:
            raise ValueError('too many values')
        last = offset + sum((length - 1) * step for length, step in zip(shape, stride, strict=True))
        num_bytes, available = math.prod(shape) * storage.dtype.itemsize, len(storage.bytes)
        self._stretch -= max(num_bytes - available, 0)
        if (last + 1 if num_bytes else offset) * storage.dtype.itemsize > available or self._stretch < 0:
            raise ValueError('a tensor beyond its storage')
        made = torch.empty(0, dtype=storage.dtype, device=storage.bytes.device)
        return made.set_(storage.bytes.untyped_storage(), offset, shape, stride)

    def tensor(
        self,
        storage: Storage,
        offset: int,
        shape: tuple,
        stride: tuple,
        requires_grad: bool,
        hooks: dict,
        metadata: dict | None = None,
    ) -> Tensor:
        """Arguments as PyTorch stores them."""
        if hooks or metadata:
            raise Refused('hooks or flags of a tensor')
        return self.view(storage, offset, shape, stride).requires_grad_(bool(requires_grad))

    def tensor_of_type(self, storage: Storage, *given: Any) -> Tensor:
        """The same with a type behind them, for types that have no storage of their own."""
        *arguments, dtype = given[:6]
        return self.tensor(Storage(storage.bytes, dtype), *arguments, *given[6:])


def parameter(data: Tensor, requires_grad: bool, hooks: dict, attributes: object = None) -> nn.Parameter:
    """Arguments as PyTorch stores them; attributes are left out."""
    if hooks:
        raise Refused('hooks of a parameter')
    return nn.Parameter(data, bool(requires_grad))


def size(lengths: tuple) -> torch.Size:
    """A shape."""
    if not all(map(_is_count, lengths)):
        raise ValueError('a shape of other things than counts')
    return torch.Size(lengths)


def device(kind: str, *index: int) -> torch.device:
    """A device, named and not used."""
    return torch.device(kind, *index)


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**62
