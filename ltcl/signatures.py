"""Arguments of a class, those that its constructor hands on to its bases included."""

import inspect
from collections.abc import Callable
from typing import Any


def constructors(built: type) -> list[Callable[..., None]]:
    """Those of a class and its bases, the class's own first."""
    return [vars(base)['__init__'] for base in built.__mro__ if base is not object and '__init__' in vars(base)]


def parameters_of(built: type) -> dict[str, inspect.Parameter]:
    """Parameters of the constructors of a class and its bases by name; a name that several have is the first one's."""
    found: dict[str, inspect.Parameter] = {}
    for maker in constructors(built):
        found = dict(inspect.signature(maker).parameters) | found
    return found


def defaults_of(built: type) -> dict[str, Any]:
    """Defaults of the arguments of a class by name, without arguments that have none."""
    named = parameters_of(built).values()
    return {each.name: each.default for each in named if each.default is not each.empty}
