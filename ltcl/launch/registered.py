"""What the registries hold, found without importing anything by its path."""

import contextlib
import importlib
from collections.abc import Callable

from mmengine.registry import Registry

from .data_files import PACKAGES


def registered(registry: Registry, key: str, scope: str) -> Callable | None:
    """What is registered under a name; unlike ``Registry.get``, nothing is imported by its path.

    Args:
        registry: A registry of mmengine.
        key: Name, or ``scope.name``.
        scope: Scope of a name that has none.
    """
    prefix, _, name = key.rpartition('.')
    if prefix in PACKAGES:
        with contextlib.suppress(ImportError):  # mmcv has no registries of its own
            importlib.import_module(f'{prefix}.registry')
    for scope_name in [prefix] if prefix else [scope, registry.scope]:
        found = registry if scope_name == registry.scope else registry.children.get(scope_name)
        if found is not None:
            found.import_from_location()
            if name in found.module_dict:
                return found.module_dict[name]
    return None
