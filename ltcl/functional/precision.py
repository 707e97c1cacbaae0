"""Losses run in float32 (float64 when given float64) whatever precision the network runs in."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import torch

from .compiling import compilable

Result = TypeVar('Result')


def _widen(value: Any) -> Any:
    is_half = isinstance(value, torch.Tensor) and value.dtype in (torch.bfloat16, torch.float16)
    return value.float() if is_half else value


def full_precision(loss: Callable[..., Result]) -> Callable[..., Result]:
    """Decorate a loss so that bfloat16 and float16 tensors are widened and autocast is off inside it.

    Similarities divided by a temperature of 0.05 reach 20, where bfloat16 has steps of 0.125: too coarse for a
    log-sum-exp. The device of the first tensor decides which autocast is switched off. A training that is compiled
    translates what is inside, see :mod:`.compiling`.
    """
    widest = compilable(loss)

    @functools.wraps(loss)
    def widened(*args: Any, **kwargs: Any) -> Result:
        tensors = (value for value in (*args, *kwargs.values()) if isinstance(value, torch.Tensor))
        first = next(tensors, None)
        with torch.autocast('cpu' if first is None else first.device.type, enabled=False):
            return widest(*map(_widen, args), **{name: _widen(arg) for name, arg in kwargs.items()})

    return widened
