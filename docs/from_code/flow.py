"""How the data of a training flow: read from its config and from the model that is built of it.

Nothing here knows a method. Views come from the pipeline and the model, state from the modules and buffers of the head,
losses from the code that its ``loss`` calls.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from torch import nn

from ltcl.launch import load_config
from ltcl.launch.building import import_custom_modules, import_scope
from ltcl.launch.hook_names import hooks_of
from ltcl.models.utils import ClassCountsMixin, ClasswiseQueue, FeatureQueue

from .loss_calls import reached
from .repository import CONFIGS

RUNTIMES = {'mmpretrain': 'default_runtime.py', 'mmseg': 'segmentation_runtime.py'}
COUNTS_HOOK = 'ltcl.ClassCountsHook'


class State(NamedTuple):
    """Something that a head keeps from step to step: its name, its class (none of a buffer) and its size in words."""

    name: str
    kind: str
    size: str


class Flow(NamedTuple):
    """The way of a batch through a training.

    Args:
        config: Name of the config.
        sampler: Class of the sampler where it does not draw all images alike; else empty.
        mixing: Classes of what mixes the images of a batch.
        online: Names of the views that the trained encoder sees.
        keys: Names of the views that the encoder of the keys sees.
        encoder: Class of the encoder.
        trained: In words, whether the encoder is trained.
        has_momentum: Whether the encoder of the keys follows the trained one.
        projector: Width of the embeddings; None without projector.
        head: Class of the head.
        classifies: Whether the head predicts classes.
        state: What the head keeps.
        losses: Names of the functions or modules that compute the losses.
        terms: Names of what the head returns to be trained; empty if nothing is trained.
        hooks: Classes of the hooks that the method needs beside those of every run.
    """

    config: str
    sampler: str
    mixing: tuple[str, ...]
    online: tuple[str, ...]
    keys: tuple[str, ...]
    encoder: str
    trained: str
    has_momentum: bool
    projector: int | None
    head: str
    classifies: bool
    state: tuple[State, ...]
    losses: tuple[str, ...]
    terms: tuple[str, ...]
    hooks: tuple[str, ...]


def read_flow(path: Path) -> Flow:
    """The flow of a config.

    Args:
        path: File of the config.
    """
    cfg = load_config(str(path))
    import_scope(cfg.default_scope)
    import_custom_modules(cfg)
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        model = MODELS.build(cfg.model)
    head = getattr(model, 'head', None) or model.decode_head
    recipes = _recipes(cfg)
    online = tuple(getattr(model, 'online_views', range(len(recipes))))
    trains = cfg.get('train_cfg') is not None
    calls = list(reached(type(head).loss, head)) if trains else []
    hooks = [hook['type'] for _, hook in hooks_of(cfg._cfg_dict)]
    return Flow(
        config=path.stem,
        sampler=_sampler(cfg),
        mixing=tuple(_mixing(cfg)),
        online=tuple(recipes[view] for view in online),
        keys=tuple(recipes[view] for view in getattr(model, 'key_views', ())),
        encoder=type(model.backbone).__name__,
        trained=_in_words(trains, [each.requires_grad for each in model.backbone.parameters()]),
        has_momentum='ltcl.MomentumUpdateHook' in hooks,
        projector=cfg.model.get('projector', {}).get('out_channels'),
        head=type(head).__name__,
        classifies=getattr(head, 'has_classifier', True),
        state=tuple(_state(head)),
        losses=tuple(dict.fromkeys(name for name, is_term in calls if not is_term)),
        terms=tuple(dict.fromkeys(name for name, is_term in calls if is_term)) or _named_terms(head, trains),
        hooks=_own_hooks(hooks, head, RUNTIMES[cfg.default_scope]),
    )


def _in_words(trains: bool, trained: list[bool]) -> str:
    if not trains or not any(trained):
        return 'kept as it is'
    return 'trained' if all(trained) else 'trained in part'


def _sampler(cfg: Config) -> str:
    name = ((cfg.get('train_dataloader') or {}).get('sampler') or {}).get('type', 'DefaultSampler')
    return '' if name in ('DefaultSampler', 'InfiniteSampler') else name.removeprefix('ltcl.')


def _mixing(cfg: Config) -> Iterator[str]:
    steps = (cfg.get('data_preprocessor') or {}).get('batch_augments') or {}
    augments = steps.get('augments') or ()
    yield from (each['type'] for each in ([augments] if isinstance(augments, dict) else augments))


def _recipes(cfg: Config) -> list[str]:
    """A name for each view of an image; one without name if the pipeline makes a single view."""
    dataset = (cfg.get('train_dataloader') or {}).get('dataset') or {}
    while 'pipeline' not in dataset and 'dataset' in dataset:
        dataset = dataset['dataset']
    for step in dataset.get('pipeline') or ():
        if step['type'] == 'ltcl.Views':
            blocks = step.get('recipes') or step['blocks']
            return [block if isinstance(block, str) else 'view' for block in blocks]
    return ['image']


def _state(head: nn.Module) -> Iterator[State]:
    """Modules and buffers that the head owns, those of a stock decode head left out."""
    branches = getattr(head, 'branches', None)
    for name, module in (branches if branches is not None else head).named_children():
        values = [*module.parameters(), *module.buffers()]
        if values and name != 'loss_module':
            yield State(name, type(module).__name__, _size(module))
    if branches is None:
        own = [*head.named_parameters(recurse=False), *head.named_buffers(recurse=False)]
        yield from (State(name, '', _times(value.shape)) for name, value in own if value.dim())


def _size(module: nn.Module) -> str:
    if isinstance(module, FeatureQueue):
        return f'{module.queue_len} rows'
    if isinstance(module, ClasswiseQueue):
        slots = module.slots_per_class
        return f'{slots} row{"s" if slots > 1 else ""} a class'
    weight = getattr(module, 'weight', None)
    return f'{weight.shape[1]} to {weight.shape[0]}' if weight is not None and weight.dim() == 2 else ''


def _times(shape: tuple[int, ...]) -> str:
    return ' × '.join(map(str, shape))


def _named_terms(head: nn.Module, trains: bool) -> tuple[str, ...]:
    """Names that the loss modules of a decode head bear; ``loss`` in a classifier of mmpretrain."""
    names = [module.loss_name for module in head.modules() if hasattr(module, 'loss_name')]
    return tuple(dict.fromkeys(names or ['loss'])) if trains else ()


def _own_hooks(hooks: list[str], head: nn.Module, runtime: str) -> tuple[str, ...]:
    every_run = load_config(str(CONFIGS / '_base_' / runtime))
    common = {hook['type'] for _, hook in hooks_of(every_run._cfg_dict)} - {COUNTS_HOOK}
    counts = any(isinstance(each, ClassCountsMixin) for each in head.modules())
    own = [hook for hook in hooks if hook not in common and (hook != COUNTS_HOOK or counts)]
    return tuple(hook.removeprefix('ltcl.') for hook in own if hook.startswith('ltcl.'))
