"""What is trained where nobody says it: backbone, how much of it, method, and the entries of the options."""

import argparse
import math
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from ltcl.errors import UserError
from ltcl.launch import apply_options, load_config
from ltcl.launch.config_values import images_of
from ltcl.launch.nodes import is_kept
from ltcl.launch.threads import limit_workers
from ltcl.launch.tuning.thawed import is_frozen
from ltcl.recipe_rules.run_shape import rate_in_proportion

from .methods import DEFAULT, METHODS, config_of

# Without a GPU the encoder sees each image once or twice; with one, a transformer of general features is adapted.
ON_CPU = ('tf_efficientnet_lite0', ['frozen'], None)
ON_GPU = ('vit_base_patch14_dinov2', ['lora'], 224)
COSINE, COSINE_SCALE = 'ltcl.CosineClsHead', 25.0
# On frozen features: a hidden layer with dropout before a cosine classifier of this scale, and the rate of 32 images a
# step. Chosen on validation images of openclipart, where a cosine classifier right on the features had less in all and
# in macro, and the rate of a whole network, a fifth, left the few behind (docs/openclipart.md).
HIDDEN_SCALE = 16.0
HIDDEN_RATE, HIDDEN_RATE_OF = 0.05, 32
# Validations, and with them checkpoints, of a run at most.
VALIDATIONS = 20
# Steps on cached features, which take milliseconds, from one line of the log to the next.
LOGGED = 500
# A rate at which nothing changes: a config must have one above 0.
NO_RATE = 1e-12
# Options that have no meaning where nothing is trained.
TRAINED_BY = ('epochs', 'batch_size', 'lr', 'patience', 'head', 'views', 'scratch')
RATE = 'optim_wrapper.optimizer.lr'
# Entries of the config that each option sets.
ENTRIES = {
    'epochs': ('max_epochs',),
    'batch_size': ('train_dataloader.batch_size',),
    'lr': (RATE,),
    'seed': ('randomness.seed',),
    'val_share': ('val_share',),
}
# Entries that are set by these once all options are applied.
LATER = {
    'config': ('data_root',),
    'work_dir': ('work_dir',),
    'amp': ('optim_wrapper.type',),
    'start_from': ('load_from',),
}


def options_of(args: argparse.Namespace) -> dict[str, Any]:
    """The entries that the options of a folder set, those of ``--cfg-options`` last.

    Raises:
        UserError: Both set the same.
    """
    entries_of(args, LATER, args.cfg_options)
    return {**entries_of(args, ENTRIES, args.cfg_options), **args.cfg_options}


def entries_of(
    args: argparse.Namespace, entries: Mapping[str, Sequence[str]], cfg_options: Collection[str]
) -> dict[str, Any]:
    """The entries that options set.

    Args:
        args: The command line; options may be missing.
        entries: Those that each option sets.
        cfg_options: Keys of ``--cfg-options``.

    Raises:
        UserError: ``--cfg-options`` sets one of them as well.
    """
    values = {name: getattr(args, name, None) for name in entries}
    said = [name for name, value in values.items() if value is not None and value is not False]
    given = {entry: values[name] for name in said for entry in entries[name]}
    both = [entry for entry in given if is_kept(entry, cfg_options)]
    if both:
        raise UserError(f'--cfg-options: {min(both)} is set by an option of its own as well: leave one of them out')
    return given


def choose_config(args: argparse.Namespace) -> Config:
    """The config of a training on a folder, but for what depends on the class counts.

    Args:
        args: The command line; what it leaves open is filled in.

    Raises:
        UserError: An unknown method or backbone, no weights, or options that contradict each other.
    """
    method = args.method or DEFAULT
    published = config_of(method)
    if not METHODS[method].is_trained:
        _keep_start(args)
    cfg = load_config(published, {'data_root': str(Path(args.config).absolute())})
    if not args.scratch:
        _fill_in(args, cfg)
    words = argparse.Namespace(**{**vars(args), 'cfg_options': options_of(args), 'config': cfg.filename})
    rebalanced = METHODS[method].on_cosine and not args.scratch
    if rebalanced and args.tune[0] == 'frozen':
        words.head = args.head or 'hidden'
    words.cfg_options['data_root'] = str(Path(args.config).absolute())
    cfg = apply_words(cfg, words)
    if is_frozen(cfg):
        _fit_hidden(cfg, words.cfg_options)
    elif rebalanced:
        _start_from_means(cfg, words.cfg_options)
    return cfg


def apply_words(cfg: Config, words: argparse.Namespace) -> Config:
    """:func:`ltcl.launch.apply_options`, with the rate in proportion to a batch that ``--batch-size`` sets."""
    meant_for = cfg.train_dataloader.batch_size
    cfg = apply_options(cfg, words)
    if words.batch_size and not is_kept(RATE, words.cfg_options):
        optimizer = cfg.optim_wrapper.optimizer
        optimizer.lr = rate_in_proportion(optimizer.lr, words.batch_size, meant_for)
    return cfg


def set_groups(cfg: Config, groups: str | None) -> None:
    """Have the draw of the validation keep images of one origin on one side.

    Args:
        cfg: The config, changed in place.
        groups: What tells the origin, see :class:`ltcl.datasets.OwnImages`; None changes nothing.
    """
    if groups is not None:
        groups = str(Path(groups).absolute()) if Path(groups).is_file() else groups
        for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
            images_of(cfg[name].dataset).groups = groups


def _fill_in(args: argparse.Namespace, cfg: Config) -> None:
    """Backbone, size and ``--tune`` that were not named."""
    backbone, tune, size = ON_GPU if torch.cuda.is_available() else ON_CPU
    if args.backbone is None and not args.weights:
        args.backbone = _with_weights(backbone)
        if args.image_size is None and args.backbone == backbone:
            args.image_size = size
        args.tune = args.tune or (tune if args.backbone == backbone else ON_CPU[1])
    args.tune = args.tune or (['full'] if torch.cuda.is_available() else ['frozen'])


def _keep_start(args: argparse.Namespace) -> None:
    """Of a method without training one epoch at :data:`NO_RATE`, so that all that follows finds what it starts from.

    Raises:
        UserError: An option of a training is given.
    """
    given = [name for name in TRAINED_BY if getattr(args, name, None)]
    if given or args.tune not in (None, ['frozen']):
        name = f'--{given[0].replace("_", "-")}' if given else f'--tune {" ".join(args.tune)}'
        raise UserError(f'--method {args.method} trains nothing, its classes are means of features: leave {name} out')
    args.tune, args.head, args.epochs, args.lr = ['frozen'], 'cosine', 1, NO_RATE


def _with_weights(backbone: str) -> str:
    """The backbone, or the one of the CPU where its weights cannot be had here."""
    from ltcl.launch.backbones import find_backbone

    if backbone == ON_CPU[0]:
        return backbone
    try:
        find_backbone(backbone).find(True)
    except UserError as error:
        reason = str(error).splitlines()[0]
        print(f'{backbone} cannot be had here ({reason}): {ON_CPU[0]} instead; --backbone NAME names another')
        return ON_CPU[0]
    return backbone


def _fit_hidden(cfg: Config, kept: Collection[str]) -> None:
    """Classifier and rate behind a hidden layer, which starts from random weights."""
    if not cfg.model.get('neck'):
        return
    _use_cosine(cfg.model.head, HIDDEN_SCALE, kept)
    if not is_kept(RATE, kept):
        cfg.optim_wrapper.optimizer.lr = HIDDEN_RATE * cfg.train_dataloader.batch_size / HIDDEN_RATE_OF


def _use_cosine(head: Any, scale: float, kept: Collection[str]) -> None:
    """A cosine classifier in the place of a linear one."""
    if head.type != 'LinearClsHead' or is_kept('model.head.type', kept):
        return
    head.type = COSINE
    _set(head, 'scale', scale, kept, 'model.head.scale')
    if not is_kept('model.head.init_cfg', kept):
        head.pop('init_cfg', None)


def _start_from_means(cfg: Config, kept: Collection[str]) -> None:
    """A cosine classifier, of the scale that the config has, that starts from the mean features of the classes."""
    _use_cosine(cfg.model.head, COSINE_SCALE, kept)
    if cfg.model.head.type == COSINE:
        hook = dict(type='ltcl.ClassMeanStartHook')
        _set(cfg.default_hooks, 'class_mean_start', hook, kept, 'default_hooks.class_mean_start')


def fit_to_images(cfg: Config, counts: list[int], args: argparse.Namespace) -> list[str]:
    """Choose by the training images what depends on them, and how often it is validated.

    Args:
        cfg: The config, changed in place.
        counts: Training images per class.
        args: The command line.

    Returns:
        Lines to print.

    Raises:
        UserError: There are fewer training images than a batch is to have.
    """
    from ltcl.recipe_rules.applying import apply_recipe

    kept = options_of(args)
    batch, number = cfg.train_dataloader.batch_size, sum(counts)
    if is_kept('train_dataloader.batch_size', kept) and batch > number:
        raise UserError(f'a batch of {batch} images is more than the {number:,} of the training: take a smaller one')
    lines = [*_given_batch(cfg, args, kept), *apply_recipe(cfg, counts, kept)]
    limit_workers(cfg, os.cpu_count() or 1, kept)
    epochs = cfg.train_cfg.max_epochs
    if 'max_epochs' in kept:
        lines.append(f'epochs {epochs}')
    every = validation_interval(epochs)
    _set(cfg.train_cfg, 'val_interval', every, kept, 'train_cfg.val_interval')
    _set(cfg.default_hooks.checkpoint, 'interval', every, kept, 'default_hooks.checkpoint.interval')
    if is_frozen(cfg):
        _set(cfg.default_hooks.logger, 'interval', LOGGED, kept, 'default_hooks.logger.interval')
    if args.patience:
        patience = max(1, round(args.patience / cfg.train_cfg.val_interval))
        hook = dict(type='ltcl.PatienceHook', monitor='shot/macro', patience=patience)
        cfg.custom_hooks = [*cfg.custom_hooks, hook]
        lines.append(f'the training ends when macro has not risen for {patience * cfg.train_cfg.val_interval} epochs')
    if args.cache_images:
        lines.append(_cache_images(cfg))
    return lines


def _given_batch(cfg: Config, args: argparse.Namespace, kept: Collection[str]) -> list[str]:
    """The line on a batch that ``--batch-size`` sets."""
    if not args.batch_size:
        return []
    rate = '' if is_kept(RATE, kept) else f'; rate {cfg.optim_wrapper.optimizer.lr:g} in proportion'
    return [f'batch_size {args.batch_size} as given{rate}']


def _cache_images(cfg: Config) -> str:
    if is_frozen(cfg):
        raise UserError('--cache-images: --tune frozen reads an image once: leave it out, or add --tune full')
    cfg.custom_hooks = [*cfg.custom_hooks, dict(type='ltcl.SharedImagesHook')]
    return 'decoded images are kept in memory, shared by all workers'


def validation_interval(epochs: int) -> int:
    """Epochs from one validation to the next, so that there are :data:`VALIDATIONS` at most."""
    return math.ceil(epochs / VALIDATIONS)


def _set(section: Any, name: str, value: object, kept: Collection[str], key: str) -> None:
    if not is_kept(key, kept):
        section[name] = value
