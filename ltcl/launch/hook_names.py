"""Hooks of a config: those of ``default_hooks``, each by its name, and the list ``custom_hooks`` of a user's own."""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from pathlib import Path

from ltcl.errors import UserError

from .config_names import similar_names
from .nodes import below

# Registered whatever a config says, unless it sets them to None.
MMENGINE_HOOKS = {
    'runtime_info': 'RuntimeInfoHook',
    'timer': 'IterTimerHook',
    'sampler_seed': 'DistSamplerSeedHook',
    'logger': 'LoggerHook',
    'param_scheduler': 'ParamSchedulerHook',
    'checkpoint': 'ltcl.CheckpointHook',
}
# A name is that of the file: strict_load_hook.py has ltcl.StrictLoadHook.
OWN_HOOKS = sorted(
    path.stem.removesuffix('_hook') for path in (Path(__file__).parents[1] / 'engine' / 'hooks').glob('*_hook.py')
)


def type_of(name: str) -> str:
    """Type of the hook of ours that the configs call by a name."""
    return f'ltcl.{name.title().replace("_", "")}Hook'


HOOK_TYPES = {'visualization': 'VisualizationHook', **{name: type_of(name) for name in OWN_HOOKS}, **MMENGINE_HOOKS}


def hooks_of(entries: Mapping) -> Iterator[tuple[str, MutableMapping]]:
    """Every hook of a config with its key, in the order in which they are registered."""
    sections = {name: entries.get(name) for name in ('default_hooks', 'custom_hooks')}
    return ((key, hook) for key, hook in below(sections) if isinstance(hook, MutableMapping) and key.count('.') == 1)


def check_hooks(entries: Mapping) -> None:
    """Every hook has a type, and none of ``default_hooks`` runs twice.

    Args:
        entries: Top-level entries of a config.

    Raises:
        UserError: Names the first such hook and what to write.
    """
    for name, hook in (entries.get('default_hooks') or {}).items():
        if isinstance(hook, Mapping) and 'type' not in hook:
            if name not in HOOK_TYPES:
                raise UserError(f'default_hooks has no entry {name}: {_similar(name, HOOK_TYPES)}')
            raise UserError(f"default_hooks.{name}: the config has no such hook yet: add type='{HOOK_TYPES[name]}'")
    _check_once(entries)


def check_taken_away(own: Mapping, inherited: Mapping, path: Path) -> None:
    """What a file takes away with ``default_hooks=dict(name=None)`` is there, or could be.

    Args:
        own: Top-level entries of the file.
        inherited: Those of what it inherits.
        path: The file.

    Raises:
        UserError: Names the hook and the similar ones.
    """
    changed, there = own.get('default_hooks'), inherited.get('default_hooks')
    if not isinstance(changed, Mapping) or not isinstance(there, Mapping):
        return  # a config that mmengine wrote down keeps the None and inherits nothing
    known = {*HOOK_TYPES, *there}
    for name, hook in changed.items():
        if hook is None and name not in known:
            raise UserError(f'{path}: default_hooks.{name}=None takes no hook away: {_similar(name, known)}')


def _similar(name: str, known: Iterable[str]) -> str:
    return similar_names(name, known) or f'known here: {", ".join(sorted(known))}'


def _check_once(entries: Mapping) -> None:
    """Refuse a hook of ``default_hooks`` that another entry names as well, as configs of former versions do."""
    found: dict[object, str] = {}
    for key, hook in hooks_of(entries):
        first = found.get(hook.get('type'))
        if first is not None:
            raise UserError(
                f'{key}: {hook["type"]} is {first} already, and would run twice: change it there by name, '
                f'default_hooks=dict({first.partition(".")[2]}=dict(...)), and take {key} out'
            )
        if key.startswith('default_hooks.'):
            found[hook.get('type')] = key
