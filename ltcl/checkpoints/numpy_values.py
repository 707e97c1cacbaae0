"""NumPy's arrays and numbers in a checkpoint, made from their bytes."""

import re
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from .pickles import Name, Refused

ARRAY = 'numpy.ndarray'
KINDS = re.compile(r'[<>=|]?([biufc]\d{1,2}|[SU]\d{1,6})')  # numbers and text; no objects, records or times


def dtype(text: str, *flags: object, state: tuple | None) -> np.dtype:
    """A type of numbers or text; its byte order is in the state."""
    if not isinstance(text, str) or not KINDS.fullmatch(text):
        raise Refused(f'NumPy values of type {text}')
    if state is None:
        return np.dtype(text)
    _, order, *parts = state
    if any(part is not None for part in parts[:3]):
        raise Refused('NumPy records')
    return np.dtype(text).newbyteorder('=' if order == '|' else order)


def array(cls: Name, *first: object, state: tuple) -> np.ndarray:
    """An array, which a pickle makes empty by its first arguments and then gives a shape, a type and bytes."""
    if cls != Name(ARRAY):
        raise Refused('a subclass of NumPy arrays')
    _, shape, kind, is_fortran, content = state
    return from_buffer(content, kind, shape, 'F' if is_fortran else 'C')


def from_buffer(content: bytes | str, kind: np.dtype, shape: tuple, order: Literal['C', 'F']) -> np.ndarray:
    """An array from its bytes; Python 2 stored them as text."""
    content = content.encode('latin-1') if isinstance(content, str) else content
    if not isinstance(content, bytes | bytearray) or not isinstance(kind, np.dtype) or order not in ('C', 'F'):
        raise ValueError('an array of other contents')
    return np.frombuffer(content, kind).reshape(shape, order=order).copy(order)


def scalar(kind: np.dtype, content: bytes | str) -> Any:
    """A number with a type."""
    return from_buffer(content, kind, (), 'C')[()]


FUNCTIONS: dict[str, Callable[..., object]] = {
    'numpy.core.multiarray.scalar': scalar,
    'numpy.core.numeric._frombuffer': from_buffer,
}
OBJECTS: dict[str, Callable[..., object]] = {'numpy.core.multiarray._reconstruct': array, 'numpy.dtype': dtype}
NAMES: dict[str, object] = {ARRAY: Name(ARRAY)}
