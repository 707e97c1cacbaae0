"""Objects of checkpoints that are told by plain values: bytes, complex numbers, the log of a run."""

from collections.abc import Callable

import numpy as np
import torch

from .pickles import Name, Refused

HISTORY = 'mmengine.logging.history_buffer.HistoryBuffer'
LATIN = ('latin1', 'latin-1')


def text_as_bytes(text: str, encoding: str) -> bytes:
    """Bytes, which protocol 2 stores as text."""
    if encoding not in LATIN:
        raise Refused(f'the encoding {encoding}')
    return text.encode('latin-1')


def as_bytes(content: str | bytes = b'', *encoding: str) -> bytes:
    """Arguments of ``bytes``, of which a number would be a length."""
    if isinstance(content, str):
        return text_as_bytes(content, *encoding)
    if not isinstance(content, bytes | bytearray):
        raise ValueError('bytes of something else')
    return bytes(content)


def as_complex(real: float, imag: float) -> complex:
    """Arguments of ``complex``."""
    return complex(float(real), float(imag))


def statistic(owner: Name, name: str) -> str:
    """The name of a statistic, which a log history refers to with ``getattr``."""
    if owner != Name(HISTORY) or not isinstance(name, str):
        raise Refused('getattr')
    return name


def history(state: dict) -> dict:
    """A log history of mmengine.

    Returns:
        ``log_history``, float64, and ``count_history``, int64, both of shape (num_entries,), and ``max_length``.
    """
    logs, counts = (torch.from_numpy(np.array(state[key])) for key in ('_log_history', '_count_history'))
    if logs.ndim != 1 or logs.shape != counts.shape or type(state['max_length']) is not int:
        raise ValueError('a log history of other contents')
    return dict(log_history=logs.double(), count_history=counts.long(), max_length=state['max_length'])


FUNCTIONS: dict[str, Callable[..., object]] = {
    '_codecs.encode': text_as_bytes,
    'builtins.bytes': as_bytes,
    'builtins.bytearray': lambda *args: bytearray(as_bytes(*args)),
    'builtins.complex': as_complex,
    'builtins.getattr': statistic,
}
# As protocol 4 refers to them.
NAMES: dict[str, object] = {f'{HISTORY}.{name}': name for name in ('min', 'max', 'mean', 'current')}
OBJECTS: dict[str, Callable[..., object]] = {HISTORY: history}
