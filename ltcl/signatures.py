"""Arguments of a class, those that its constructor hands on to its bases included."""

import inspect
from typing import Any


def parameters_of(built: type) -> dict[str, inspect.Parameter]:
    """Parameters of the constructors of a class and its bases by name; a name that several have is the first one's."""
    found: dict[str, inspect.Parameter] = {}
    for base in built.__mro__:
        if '__init__' in vars(base) and base is not object:
            found = dict(inspect.signature(vars(base)['__init__']).parameters) | found
    return found


def defaults_of(built: type) -> dict[str, Any]:
    """Defaults of the arguments of a class by name, without arguments that have none."""
    named = parameters_of(built).values()
    return {each.name: each.default for each in named if each.default is not each.empty}
