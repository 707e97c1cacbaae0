"""Which losses a head calls, read from its code: the functions it reaches, not what a page says of them."""

import inspect
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

from torch import nn

from ltcl import functional

LOSSES = {getattr(functional, name): name for name in functional.__all__ if name.endswith('_loss')}


def reached(function: Callable, owner: nn.Module, seen: set | None = None) -> Iterator[tuple[str, bool]]:
    """Losses that a function of a module reaches, and names of the terms that it returns (with True).

    Args:
        function: The function, such as the ``loss`` of a head.
        owner: The module that it belongs to.
        seen: Functions that were looked at already.
    """
    function, seen = inspect.unwrap(function), set() if seen is None else seen
    if function in seen or not inspect.isfunction(function):
        return
    seen.add(function)
    for code in _codes(function.__code__):
        if function.__module__.startswith('ltcl.models'):
            yield from ((name, True) for name in _keywords(code) if name.startswith('loss_'))
        for name in code.co_names:
            yield from _of_global(function.__globals__.get(name), owner, seen)
            yield from _of_attribute(name, owner, seen, 'super' in code.co_names)


def _keywords(code: CodeType) -> Iterator[str]:
    """Names of the keyword arguments in calls."""
    for names in code.co_consts:
        if isinstance(names, tuple):
            yield from (name for name in names if isinstance(name, str))


def _of_global(value: Any, owner: nn.Module, seen: set) -> Iterator[tuple[str, bool]]:
    """What a function leads to that another one calls: itself if it is a loss, or the losses that it reaches."""
    if not inspect.isfunction(value) or not value.__module__.startswith('ltcl.'):
        return
    if value in LOSSES:
        yield LOSSES[value], False
    elif value.__module__.startswith('ltcl.models'):
        inner = list(reached(value, owner, seen))
        yield from inner or ([(value.__name__, False)] if value.__name__.endswith('_loss') else [])


def _of_attribute(name: str, owner: nn.Module, seen: set, with_parents: bool) -> Iterator[tuple[str, bool]]:
    """What a name leads to that a method takes from its module: a loss module, branches, another method."""
    part = getattr(owner, name, None)
    parts = part.values() if isinstance(part, nn.ModuleDict) else part if isinstance(part, nn.ModuleList) else [part]
    for each in parts:
        if name == 'branches':
            yield from reached(type(each).loss, each, seen)
        elif isinstance(each, nn.Module) and name.startswith('loss_'):
            yield from list(reached(type(each).forward, each, seen)) or [(type(each).__name__, False)]
    if inspect.ismethod(part):
        owners = type(owner).__mro__ if with_parents else [type(owner)]
        for function in (vars(kind).get(name) if with_parents else getattr(kind, name) for kind in owners):
            if inspect.isfunction(function):
                yield from reached(function, owner, seen)


def _codes(code: CodeType) -> Iterator[CodeType]:
    """A code object and those within it."""
    yield code
    for value in code.co_consts:
        if isinstance(value, CodeType):
            yield from _codes(value)
