"""Losses and networks that torch.compile translates, in the steps that ask for it, and as they are everywhere else."""

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import torch

from ltcl.errors import UserError

Result = TypeVar('Result')
# Of torch.compile; None: nothing is translated.
_OPTIONS: ContextVar[Mapping[str, Any] | None] = ContextVar('compile_options', default=None)
TRANSLATORS = ('torch._dynamo', 'torch._inductor')


def use_compiled(options: Mapping[str, Any] | None) -> None:
    """Call what is :func:`compilable` translated from here on.

    Args:
        options: Arguments of ``torch.compile``; None calls it as it is written.
    """
    _OPTIONS.set(options)


def compilable(function: Callable[..., Result], name: str | None = None) -> Callable[..., Result]:
    """Decorate a function so that it is translated where :func:`use_compiled` says so, at its first call there.

    Args:
        function: The function.
        name: What a message calls it; None is its own name.

    Raises:
        UserError: By the decorated function; it cannot be translated.
    """
    translated: dict[str, Callable[..., Result]] = {}

    @functools.wraps(function)
    def chosen(*args: Any, **kwargs: Any) -> Result:
        # A function that is called by one that is being translated is part of it.
        options = None if torch.compiler.is_compiling() else _OPTIONS.get()
        if options is None:
            return function(*args, **kwargs)
        key = repr(sorted(options.items()))
        if key not in translated:
            translated[key] = torch.compile(function, **options)
        with told_of_translation(name or function.__name__):
            return translated[key](*args, **kwargs)

    return chosen


@contextmanager
def told_of_translation(name: str) -> Iterator[None]:
    """Raise what goes wrong in a translation as one line. That of a backward pass is made when that pass begins.

    Args:
        name: Of what is translated.

    Raises:
        UserError: It cannot be translated, or the cache of translations is damaged.
    """
    try:
        yield
    except Exception as error:
        if not type(error).__module__.startswith(TRANSLATORS):
            raise
        from torch._inductor.runtime.cache_dir_utils import cache_dir

        raise UserError(
            f'compile: torch.compile cannot translate {name} ({_reason(error)}): leave compile out, or remove '
            f'{cache_dir()} if an earlier translation was interrupted'
        ) from error


def _reason(error: Exception) -> str:
    """What a translator met, without the advice that follows it."""
    cause = getattr(error, 'inner_exception', error)
    lines = str(cause).strip().splitlines() or ['']
    return f'{type(cause).__name__}: {lines[0]:.160}'
