"""What a run keeps beside its weights, as numbers, text, tensors and containers of them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer, MessageHub
from torch import Tensor


def to_plain(value: object) -> Any:
    """A value as plain data, which is read without running anything.

    Dicts become ``dict``, arrays become tensors, NumPy's numbers become Python's; tensors are copied to the CPU.

    Args:
        value: Any value.

    Returns:
        The same as plain data; text in the place of objects of other types.
    """
    if value is None:
        return None
    if isinstance(value, str | bool | int | float | complex | bytes):
        return _builtin(value)
    if isinstance(value, Tensor):
        return value.detach().cpu()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return torch.as_tensor(value) if value.dtype.kind in 'biufc' else to_plain(value.tolist())
    if isinstance(value, HistoryBuffer):
        return history_to_plain(value)
    if isinstance(value, Mapping):
        return {to_plain(key): to_plain(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return tuple(map(to_plain, value))
    if isinstance(value, list | set | frozenset):
        return list(map(to_plain, value))
    return str(value)


def _builtin(value: Any) -> Any:
    """A value without the class that a program derived from its type."""
    kinds: tuple[type[Any], ...] = (bool, int, float, complex, str, bytes)
    kind = next(kind for kind in kinds if isinstance(value, kind))
    return kind(value)


def history_to_plain(buffer: HistoryBuffer) -> dict:
    """Values and counts of a log history as tensors of shape (N,)."""
    values, counts = buffer.data
    return dict(
        log_history=torch.tensor(values, dtype=torch.float64),
        count_history=torch.tensor(counts, dtype=torch.int64),
        max_length=int(buffer.max_length),
    )


def history_from_plain(plain: Mapping) -> HistoryBuffer:
    """The inverse of :func:`history_to_plain`."""
    return HistoryBuffer(
        np.asarray(plain['log_history'], dtype=np.float64),
        np.asarray(plain['count_history'], dtype=np.int64),
        max_length=int(plain['max_length']),
    )


def hub_to_plain(hub: MessageHub) -> dict:
    """What a message hub wants to have saved, its log histories as numbers."""
    return to_plain(hub.state_dict())


def load_hub(hub: MessageHub, state: Mapping) -> None:
    """Give a message hub what :func:`hub_to_plain` or mmengine saved."""
    scalars = {
        name: each if isinstance(each, HistoryBuffer) else history_from_plain(each)
        for name, each in state['log_scalars'].items()
    }
    hub.load_state_dict({**state, 'log_scalars': scalars})
