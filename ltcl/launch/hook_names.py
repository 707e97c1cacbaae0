"""Hooks of a config: those of ``default_hooks``, each by its name, and the list ``custom_hooks`` of a user's own."""

from collections.abc import Iterator, Mapping


def hooks_of(entries: Mapping) -> Iterator[tuple[str, Mapping]]:
    """Every hook of a config with its key, in the order in which they are registered."""
    named = entries.get('default_hooks')
    for name, hook in named.items() if isinstance(named, Mapping) else ():
        if isinstance(hook, Mapping):
            yield f'default_hooks.{name}', hook
    for number, hook in enumerate(entries.get('custom_hooks') or []):
        if isinstance(hook, Mapping):
            yield f'custom_hooks.{number}', hook
