"""One look at a folder for a whole command: what was found is handed on to all that ask again."""

import contextlib
import functools
from collections.abc import Callable, Hashable, Iterator
from contextvars import ContextVar
from typing import Any, TypeVar

Look = TypeVar('Look', bound=Callable[..., Any])
_FOUND: ContextVar[dict[Hashable, Any] | None] = ContextVar('_FOUND', default=None)


@contextlib.contextmanager
def one_look() -> Iterator[None]:
    """Let every function of :func:`looked_once` look at the disk once for the same arguments, from here to the end.

    A command that builds the data sets of a folder several times - to count, to time, to train, to test - reads the
    folder once, and its parts cannot disagree on what lies there.
    """
    token = _FOUND.set({})
    try:
        yield
    finally:
        _FOUND.reset(token)


def looked_once(look: Look) -> Look:
    """Let a function answer from its last look within :func:`one_look`; outside of it, it looks each time.

    Its callers share the answer, so none of them may change it.
    """

    @functools.wraps(look)
    def answer(*args: Any, **kwargs: Any) -> Any:
        found = _FOUND.get()
        if found is None:
            return look(*args, **kwargs)
        key = (look, _hashable([args, sorted(kwargs.items())]))
        if key not in found:
            found[key] = look(*args, **kwargs)
        return found[key]

    return answer  # type: ignore[return-value]


def _hashable(value: Any) -> Hashable:
    return tuple(map(_hashable, value)) if isinstance(value, list | tuple) else value
