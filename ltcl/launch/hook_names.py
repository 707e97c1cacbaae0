"""Hooks of a config: those of ``default_hooks``, each by its name, and the list ``custom_hooks`` of a user's own."""

from collections.abc import Iterator, Mapping

from ltcl.errors import UserError

from .config_names import similar_names

# Registered whatever a config says, unless it sets them to None.
MMENGINE_HOOKS = {
    'runtime_info': 'RuntimeInfoHook',
    'timer': 'IterTimerHook',
    'sampler_seed': 'DistSamplerSeedHook',
    'logger': 'LoggerHook',
    'param_scheduler': 'ParamSchedulerHook',
    'checkpoint': 'ltcl.CheckpointHook',
}
OWN_HOOKS = (
    'strict_load',
    'class_counts',
    'check_masks',
    'broadcast_buffers',
    'progress',
    'run_report',
    'skipped_images',
    'channel_order',
    'image_levels',
    'prediction_pictures',
    'heartbeat',
    'stop_signal',
    'finite_check',
    'feature_bank',
    'momentum_update',
    'target_assignment',
    'sampler_priority',
)
# Type that the configs here give to each name: strict_load is ltcl.StrictLoadHook.
HOOK_TYPES = (
    MMENGINE_HOOKS
    | {'visualization': 'VisualizationHook'}
    | {name: f'ltcl.{name.title().replace("_", "")}Hook' for name in OWN_HOOKS}
)


def hooks_of(entries: Mapping) -> Iterator[tuple[str, Mapping]]:
    """Every hook of a config with its key, in the order in which they are registered."""
    named = entries.get('default_hooks')
    for name, hook in named.items() if isinstance(named, Mapping) else ():
        if isinstance(hook, Mapping):
            yield f'default_hooks.{name}', hook
    for number, hook in enumerate(entries.get('custom_hooks') or []):
        if isinstance(hook, Mapping):
            yield f'custom_hooks.{number}', hook


def check_hooks(entries: Mapping) -> None:
    """Every hook has a type, what is taken away has a name that is known, and nothing runs twice.

    Args:
        entries: Top-level entries of a config.

    Raises:
        UserError: Names the first such hook and what to write.
    """
    for name, hook in (entries.get('default_hooks') or {}).items():
        if hook is None and name not in HOOK_TYPES:
            raise UserError(f'default_hooks.{name}=None takes no hook away: {_similar(name)}')
        if isinstance(hook, Mapping) and 'type' not in hook:
            if name not in HOOK_TYPES:
                raise UserError(f'default_hooks has no entry {name}: {_similar(name)}')
            raise UserError(f"default_hooks.{name}: the config has no such hook yet: add type='{HOOK_TYPES[name]}'")
    _check_once(entries)


def _similar(name: str) -> str:
    return similar_names(name, HOOK_TYPES) or f'known here: {", ".join(HOOK_TYPES)}'


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
