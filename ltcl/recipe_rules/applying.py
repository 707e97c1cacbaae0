"""The rules on a config."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from mmengine.config import Config

from ltcl.errors import UserError
from ltcl.launch.nodes import is_kept, starts_from_weights
from ltcl.launch.run_length import UNITS, length_of, schedulers, set_length, unit_of
from ltcl.launch.warmup import warmup_values

from .methods import HEADS, Case, Choice
from .run_shape import (
    LENGTHS,
    batch_size,
    key_momentum,
    num_epochs,
    rate_in_proportion,
    steps_of_epoch,
    warmup_epochs,
)

FROZEN = 'ltcl.FrozenBackbone'
PROCESSES = re.compile(r'_(\d+)xb\d+')
IN_WORDS = {'scratch': 'from random weights', 'pretrained': 'from pretrained weights', 'frozen': 'on frozen features'}


def apply_recipe(
    cfg: Config,
    counts: Sequence[int],
    kept: Collection[str] = (),
    start: str | None = None,
    processes: int = 1,
) -> list[str]:
    """Change a config as the rules say for these training images.

    These are batch and, in proportion, learning rate; epochs, schedule included; epochs of warm-up; what the head of
    the method takes from the counts; the momentum of the key encoder. A config that counts iterations, and one without
    warm-up, stay so.

    Args:
        cfg: A config of a classification, changed in place.
        counts: Training images per class.
        kept: Dotted keys that stay as they are, with what lies in them, such as ``model.head.alpha``, ``max_epochs`` or
            ``optim_wrapper.optimizer.lr``: those of ``--cfg-options``. What follows from them is chosen to fit them.
        start: What is trained: ``'scratch'``, ``'pretrained'`` or ``'frozen'``; None looks at the backbone.
        processes: Number of processes. The rate is scaled by the images of all of them.

    Returns:
        Lines to print: each value with its reason.

    Raises:
        UserError: The schedule cannot be adapted to another number of epochs.
    """
    start = start or _start_of(cfg)
    batch, lines = _fit_batch(cfg, counts, kept, start, processes)
    steps = steps_of_epoch(sum(counts), batch * processes)
    if unit_of(cfg._cfg_dict) == 'max_epochs':
        lines += _fit_length(cfg, num_epochs(sum(counts), batch * processes, start), steps, kept, start)
        steps *= length_of(cfg._cfg_dict) or 1
    else:
        steps = length_of(cfg._cfg_dict) or 1
    return lines + _fit_head(cfg, counts, batch, processes, kept) + _fit_momentum(cfg, steps, kept)


def _start_of(cfg: Config) -> str:
    backbone = cfg.model.get('backbone') or {}
    if backbone.get('type') == FROZEN:
        return 'frozen'
    return 'pretrained' if starts_from_weights(backbone) or cfg.get('load_from') else 'scratch'


def _fit_batch(
    cfg: Config, counts: Sequence[int], kept: Collection[str], start: str, processes: int
) -> tuple[int, list[str]]:
    """Images of a step on one process, and the line on them."""
    loader, old = cfg.train_dataloader, cfg.train_dataloader.batch_size
    meant_for = old * _processes_of(cfg, processes)
    if is_kept('train_dataloader.batch_size', kept):
        return old, []
    loader.batch_size = batch_size(sum(counts), start == 'frozen')
    line = f'batch_size {loader.batch_size}: {sum(counts):,} training images'
    optimizer, step = cfg.optim_wrapper.optimizer, loader.batch_size * processes
    if step != meant_for and not is_kept('optim_wrapper.optimizer.lr', kept):
        optimizer.lr = rate_in_proportion(optimizer.lr, step, meant_for)
        line += f'; rate {optimizer.lr:g} in proportion'
    return loader.batch_size, [line]


def _processes_of(cfg: Config, otherwise: int) -> int:
    """Processes that the rate of a config is meant for, by its name: ``4xb32`` are four with 32 images each."""
    found = PROCESSES.search(Path(cfg.filename or '').stem)
    return int(found[1]) if found else otherwise


def _fit_length(cfg: Config, epochs: int, steps: int, kept: Collection[str], start: str) -> list[str]:
    lines = []
    if not any(is_kept(key, kept) for unit in UNITS for key in (unit, f'train_cfg.{unit}')):
        old, stale = length_of(cfg._cfg_dict), set_length(cfg._cfg_dict, epochs)
        if stale:
            raise UserError(
                f'the rules choose max_epochs={epochs}, and {" and ".join(stale)} cannot be adapted to it: keep the '
                f'length with --cfg-options max_epochs={old}, or correct the schedule'
            )
        lines.append(f'max_epochs {epochs}: {epochs * steps:,} steps {IN_WORDS[start]} (aim {LENGTHS[start].steps:,})')
    return lines + _fit_warmup(cfg, length_of(cfg._cfg_dict) or epochs, kept)


def _fit_warmup(cfg: Config, length: int, kept: Collection[str]) -> list[str]:
    lines, epochs, parts = [], warmup_epochs(length), dict(schedulers(cfg._cfg_dict))
    for key in parts:
        values = warmup_values(parts, key, length, epochs)
        if not values or any(is_kept(name, kept) for name in ('warmup_epochs', *values)):
            continue
        for name, value in values.items():
            place, _, entry = name.rpartition('.')
            parts[place][entry] = value
        reason = 'a twentieth of the run' if epochs else 'a single epoch has none'
        lines.append(f'warmup_epochs {epochs}: {reason}')
    return lines


def _fit_head(cfg: Config, counts: Sequence[int], batch: int, processes: int, kept: Collection[str]) -> list[str]:
    head = cfg.model.head
    rule = HEADS.get(head['type'])
    if rule is None:
        return []
    views = len(cfg.model.get('online_views', (0,))) + len(cfg.model.get('key_views', ()))
    own = {key: value for key, value in head.items() if is_kept(f'model.head.{key}', kept)}
    choices = rule(Case(counts, batch, processes, views, own))
    head.update({key: choice.value for key, choice in choices.items() if key not in own})
    return [_line(key, choice) for key, choice in choices.items()]


def _fit_momentum(cfg: Config, steps: int, kept: Collection[str]) -> list[str]:
    hook, key = (cfg.get('default_hooks') or {}).get('momentum_update'), 'default_hooks.momentum_update.momentum'
    if not hook or is_kept(key, kept):
        return []
    hook['momentum'] = key_momentum(steps)
    return [_line('momentum', Choice(hook['momentum'], f'keys average over a tenth of {steps:,} steps, or 1,000'))]


def _line(key: str, choice: Choice) -> str:
    return f'{key} {choice.value:g}: {choice.reason}'
