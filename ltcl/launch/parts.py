"""Parts of a config against the classes they are built from: types, names of arguments, kinds of values.

Asked before anything is built, so that a mistyped option of a hook is not found after the first epoch.
"""

import re
import typing
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from mmengine import registry as root
from mmengine.config import Config
from mmengine.registry import Registry

from ltcl.errors import UserError

from .arguments import arguments, fits, in_words
from .config_names import SECTIONS, similar_names
from .data_files import DATA_SUFFIXES, PACKAGES
from .figures import check_figures
from .nodes import below
from .registered import registered


class Place(NamedTuple):
    """Where parts of one kind stand in a config.

    Args:
        keys: Regular expression of their keys.
        registry: Name of the registry in ``mmengine.registry``.
        given: Arguments that the runner adds.
        taken: Entries that the runner takes out before it builds the part.
        derived: Arguments that the model adds where they are open.
    """

    keys: str
    registry: str
    given: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()


PLACES = (
    Place(r'(default|custom)_hooks\.\w+', 'HOOKS', taken=('priority',)),
    Place(r'(val|test)_evaluator(\.\d+)?(\.metrics\.\d+)?', 'METRICS'),
    Place(r'(.+\.)?(\w*pipeline|transforms)(\.\d+)+', 'TRANSFORMS'),
    Place(r'\w+_dataloader(\.dataset)+(s\.\d+)?', 'DATASETS'),
    Place(r'\w+_dataloader\.sampler', 'DATA_SAMPLERS', given=('dataset', 'seed')),
    Place(r'\w+_dataloader\.batch_sampler', 'DATA_SAMPLERS', given=('sampler', 'batch_size')),
    Place(r'\w+_dataloader\.collate_fn', 'FUNCTIONS', given=('data_batch', 'batch')),
    Place(r'(train|val|test)_cfg', 'LOOPS', given=('runner', 'dataloader', 'evaluator')),
    Place(r'optim_wrapper', 'OPTIM_WRAPPERS', given=('optimizer',), taken=('constructor', 'paramwise_cfg')),
    Place(r'optim_wrapper\.optimizer', 'OPTIMIZERS', given=('params',)),
    Place(
        r'param_scheduler(\.\w+)*',
        'PARAM_SCHEDULERS',
        given=('optimizer', 'epoch_length'),
        taken=('convert_to_iter_based',),
    ),
    Place(r'visualizer', 'VISUALIZERS', given=('name', 'vis_backends', 'save_dir')),
    Place(r'visualizer\.vis_backends\.\d+', 'VISBACKENDS', given=('save_dir',)),
    Place(r'log_processor', 'LOG_PROCESSORS'),
    Place(r'model_wrapper_cfg', 'MODEL_WRAPPERS', given=('module',)),
    Place(r'tta_model', 'MODELS', given=('module',)),
    Place(r'model', 'MODELS', given=('data_preprocessor', 'module')),
    Place(r'(model\.)?data_preprocessor', 'MODELS'),
    Place(r'model\.(neck|projector|head|backbone\.pooling)', 'MODELS', derived=('in_channels',)),
    Place(r'model\.(backbone(\.encoder)?|decode_head|auxiliary_head)', 'MODELS'),
    Place(r'model(\.\w+)*\.loss(_\w+)?(\.\d+)?', 'MODELS', given=('num_classes',)),
    Place(r'model\.\w+\.branches\.\w+', 'MODELS', given=('in_channels', 'num_classes', 'loss_name')),
)
# Arguments that a class hands on to somebody whom its signature does not name.
HANDED_ON = {'EMAHook': {'momentum', 'interval', 'update_buffers', 'gamma', 'device'}}
# Kinds that hand on nothing else: what they swallow would be missed later.
STRICT = ('HOOKS', 'METRICS', 'LOOPS', 'DATA_SAMPLERS')


class Part(NamedTuple):
    """An entry of a config that something is built from.

    Args:
        key: Its dotted key.
        entries: Its entries.
        place: What is known of its place; None inside a part that knows better.
    """

    key: str
    entries: dict
    place: Place | None


def check_parts(cfg: Config, sections: Collection[str] = SECTIONS) -> None:
    """Refuse types that do not exist and arguments that nobody takes.

    The package of the config's ``default_scope`` must be imported.

    Args:
        cfg: The config.
        sections: Top-level entries to look at.

    Raises:
        UserError: Names the part, the argument and the similar ones.
    """
    is_data = Path(cfg.filename or '').suffix in DATA_SUFFIXES
    scope = cfg.get('default_scope') or 'mmengine'
    for part in _parts({name: value for name, value in dict.items(cfg._cfg_dict) if name in sections}):
        built = _find(part, scope, is_data)
        if built is not None and part.place is not None:
            check_arguments(part, part.place, built)
    if 'val_evaluator' in sections:
        check_figures(cfg, scope)


def _parts(entries: Mapping) -> Iterator[Part]:
    """Every dict with a type, the outer ones first."""
    for key, node in below(entries):
        if isinstance(node, dict) and isinstance(node.get('type'), str):
            yield Part(key, node, next((place for place in PLACES if re.fullmatch(place.keys, key)), None))


def _find(part: Part, scope: str, is_data: bool) -> Callable | None:
    """What the type of a part names; None where that is for others to find out.

    Raises:
        UserError: Nothing has that name, or a data config names what is in no registry.
    """
    name = part.entries['type']
    kind = part.place.registry if part.place else None
    places = [getattr(root, kind)] if kind else [each for each in vars(root).values() if isinstance(each, Registry)]
    if kind == 'METRICS':
        places.append(root.EVALUATOR)
    for registry in places:
        found = registered(registry, name, scope)
        if found is not None:
            return found
    if not is_data and (('.' in name and not name.startswith('ltcl.')) or kind is None):
        return None
    known = {each for registry in places for each in _names(registry, scope)}
    hint = similar_names(name, known) or 'parts of ltcl are named ltcl.X'
    what = kind.lower().rstrip('s').replace('_', ' ') if kind else 'part'
    raise UserError(f'{part.key}: there is no {what} named {name}: {hint}')


def _names(registry: Registry, scope: str) -> set[str]:
    """Names that a config can use."""
    names = set(registry.module_dict)
    for child_scope, child in registry.children.items():
        child.import_from_location()
        names |= {name if child_scope == scope else f'{child_scope}.{name}' for name in child.module_dict}
    return names


def check_arguments(part: Part, place: Place, built: Callable) -> None:
    """Compare the entries of a part with the arguments of what is built from it.

    Raises:
        UserError: An unknown or missing argument, or a value of another kind.
    """
    known, takes_any, needed = arguments(built)
    if place.registry in STRICT and built.__module__.split('.')[0] in PACKAGES:
        known.update(dict.fromkeys(HANDED_ON.get(built.__name__, ()), typing.Any))
        takes_any = False
    special = {'type', '_scope_', *place.taken, *place.given}
    title = getattr(built, '__name__', part.entries['type'])
    for name, value in dict.items(part.entries):
        if name in special:
            continue
        if name not in known:
            hint = similar_names(name, known, cutoff=0.75 if takes_any else 0.6)
            if takes_any and not hint:
                continue
            hint = hint or f'it knows {", ".join(known) or "none"}'[:200]
            raise UserError(f'{part.key}.{name}: {title} has no option {name!r}: {hint}')
        if not fits(value, known[name]):
            raise UserError(f'{part.key}.{name}={value!r:.80}: {title} takes {in_words(known[name])} there')
    missing = sorted(needed - set(part.entries) - special - set(place.derived))
    if missing:
        raise UserError(f'{part.key}: {title} needs {", ".join(missing)}: add it to the config')
