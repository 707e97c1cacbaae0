"""A config for a folder of images and masks, resolved, and what it will do in words."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..errors import UserError
from ..launch.backbone_option import check_weights
from ..launch.configs import apply_options, entry_at, load_config
from ..launch.options import value_like
from ..own_folder.choosing import ENTRIES, LATER, entries_of
from ..value_ranges import check_choice
from .report import plan, tell
from .schedule import num_iters, side_of_images
from .sources import SceneSources

METHODS = ('region-rebalance', 'cross-entropy', 'gpaco', 'ceco')
BACKBONES = {'resnet50': 'r50', 'resnet18': 'r18'}
BATCH_SIZE, RATE, VAL_SHARE, WORKERS = 8, 0.01, 0.2, 4
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
# Options that mean nothing here, or that nothing here follows.
FOR_CLASSIFIERS = {
    'tune': '--tune',
    'head': '--head',
    'views': '--views',
    'start_from': '--from',
    'cache_images': '--cache-images',
}
# Batch normalisation of a pooled image needs two of them.
LEAST = {'batch_size': 2, 'image_size': 32, 'epochs': 1}
# Either sets the length of the run.
LENGTHS = ('max_iters', 'train_cfg.max_iters')
# Entries of the config that each option sets.
SCENE_ENTRIES = {
    **ENTRIES,
    **LATER,
    'epochs': LENGTHS,
    'image_size': ('image_size',),
    'weights': ('model.backbone.init_cfg.checkpoint',),
    'scratch': ('model.backbone.init_cfg',),
}
WRAPPERS = {'bfloat16': 'ltcl.Bfloat16OptimWrapper', 'float16': 'AmpOptimWrapper'}
# On a CPU the smaller network, and images of a quarter of the pixels: an iteration takes seconds as it is.
USUAL_BACKBONE, LARGEST_SIDE = {True: 'resnet50', False: 'resnet18'}, {True: 512, False: 256}


def scene_config(path: str | os.PathLike, args: argparse.Namespace) -> Config:
    """The config of a training on a folder of images and masks, command line included; prints what was found.

    Args:
        path: The folder, see :class:`ltcl.datasets.own_scenes.OwnScenes`.
        args: Options, any of which may be missing or None: ``method``, ``backbone`` (``resnet50`` or ``resnet18``),
            ``weights``, ``scratch``, ``image_size``, ``epochs``, ``batch_size``, ``lr``, ``seed``, ``val_share``,
            ``patience``, ``amp``, ``work_dir``, ``cfg_options``, ``launcher``.

    Raises:
        UserError: The folder cannot be trained on, see there; or an option cannot be.
    """
    _refuse_options(args)
    root = os.fspath(path)
    sources = SceneSources(root)
    if getattr(args, 'val_share', None) is not None and 'val' in sources.scenes.parts:
        raise UserError(f'--val-share: {root} has a part for validation, so nothing is drawn: leave it out')
    name = _config_name(args)
    options = {**_options(sources, args), **_cfg_options(args)}
    work_dir = getattr(args, 'work_dir', None) or str(Path('work_dirs', f'{Path(root).resolve().name}_{name}'))
    launcher = getattr(args, 'launcher', None) or 'none'
    config = f'ltcl::seg/custom/{name}.py'
    words = argparse.Namespace(config=config, cfg_options=options, work_dir=work_dir, launcher=launcher)
    cfg = apply_options(load_config(config), words)
    _refuse_small(cfg)
    remark = _end_early(cfg, sources, getattr(args, 'patience', None))
    if os.environ.get('RANK', '0') == '0':
        tell(sources)
        print(plan(cfg), *remark, sep='\n')
    return cfg


def _refuse_options(args: argparse.Namespace) -> None:
    for name, option in FOR_CLASSIFIERS.items():
        if getattr(args, name, None):
            raise UserError(
                f'{option} is for images in class folders, and this folder has images and masks: leave it out; the '
                'whole network is trained, for --epochs'
            )
    for name, least in LEAST.items():
        if getattr(args, name, None) is not None and getattr(args, name) < least:
            raise UserError(f'--{name.replace("_", "-")} {getattr(args, name)} must be at least {least}')
    check_weights(getattr(args, 'weights', None))
    if getattr(args, 'weights', None) and getattr(args, 'scratch', False):
        raise UserError(f'--weights {args.weights} and --scratch contradict each other: leave one of them out')
    entries_of(args, SCENE_ENTRIES, _cfg_options(args))


def _refuse_small(cfg: Config) -> None:
    """Hold what ``--cfg-options`` set to the least of the options."""
    for name in ('batch_size', 'image_size'):
        [entry] = SCENE_ENTRIES[name]
        value: Any = entry_at(cfg, entry)
        if value < LEAST[name]:
            raise UserError(f'--cfg-options {entry}={value} must be at least {LEAST[name]}')


def _cfg_options(args: argparse.Namespace) -> dict[str, Any]:
    return getattr(args, 'cfg_options', None) or {}


def _config_name(args: argparse.Namespace) -> str:
    method = getattr(args, 'method', None) or METHODS[0]
    check_choice('--method', method, METHODS)
    backbone = getattr(args, 'backbone', None) or USUAL_BACKBONE[_has_gpu()]
    if backbone not in BACKBONES:
        raise UserError(
            f'--backbone {backbone}: a segmentation of own images has {" or ".join(BACKBONES)}; for another network '
            'change model.backbone of a config of configs/seg/custom'
        )
    return f'{method}_deeplabv3plus-{BACKBONES[backbone]}_1xb8-4k_own-scenes'


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


def _options(sources: SceneSources, args: argparse.Namespace) -> dict[str, Any]:
    """What data and command line say, as entries of the config."""
    cfg_options = _cfg_options(args)
    val_share = _asked(args, 'val_share', lambda share: 0 <= share < 1, VAL_SHARE)
    batch_size = _asked(args, 'batch_size', lambda size: size >= LEAST['batch_size'] and size == int(size), BATCH_SIZE)
    length = next((key for key in LENGTHS if key in cfg_options), LENGTHS[0])
    asked = str(cfg_options.get(length))
    by_rule = num_iters(_num_training(sources, val_share), batch_size, getattr(args, 'epochs', None))
    iters = max(int(asked), 1) if asked.isdecimal() else by_rule
    found: dict[str, Any] = {
        'data_root': str(Path(sources.root).absolute()),
        'val_share': val_share,
        'image_size': getattr(args, 'image_size', None) or side_of_images(sources.sizes, LARGEST_SIDE[_has_gpu()]),
        length: iters,
        'train_cfg.val_interval': max(iters // 10, 1),
        'default_hooks.checkpoint.interval': max(iters // 10, 1),
        'train_dataloader.batch_size': batch_size,
        'optim_wrapper.optimizer.lr': getattr(args, 'lr', None) or RATE * batch_size / BATCH_SIZE,
    }
    workers = min(WORKERS, max((os.cpu_count() or 1) - 1, 1))
    found |= {f'{loader}.num_workers': workers for loader in LOADERS}
    if getattr(args, 'amp', None):
        found['optim_wrapper.type'] = WRAPPERS[args.amp]
    if getattr(args, 'seed', None) is not None:
        found['randomness.seed'] = args.seed
    if getattr(args, 'weights', None):
        found['model.backbone.init_cfg.checkpoint'] = args.weights
    elif getattr(args, 'scratch', False):
        found['model.backbone.init_cfg'] = None
    return found


def _asked(args: argparse.Namespace, option: str, fits: Callable[[Any], bool], usual: Any) -> Any:
    """The value of an option, or of the entry that it sets where ``--cfg-options`` does; what follows from it, follows.

    Args:
        args: The command line.
        option: Name of the option.
        fits: Whether a number can be its value; of others the config complains.
        usual: The value where nothing is said.

    Raises:
        UserError: The entry is to be of another kind.
    """
    [entry] = SCENE_ENTRIES[option]
    value = _cfg_options(args).get(entry)
    value = value_like(entry, value, usual) if isinstance(value, str) else value
    if isinstance(value, int | float) and fits(value):
        return value
    value = getattr(args, option, None)
    return usual if value is None else value


def _end_early(cfg: Config, sources: SceneSources, patience: int | None) -> list[str]:
    """End the training when so many epochs have brought nothing; the line on that."""
    if patience is None:
        return []
    every, images = cfg.train_cfg.val_interval, _num_training(sources, cfg.train_dataloader.dataset.val_share)
    epochs = every * cfg.train_dataloader.batch_size / images  # from one validation to the next
    validations = max(1, round(patience / epochs))
    hook = dict(type='ltcl.PatienceHook', monitor=cfg.default_hooks.checkpoint.save_best, patience=validations)
    cfg.custom_hooks = [*cfg.custom_hooks, hook]
    waited = f'{validations * every:,} iterations, {validations * epochs:.3g} epochs'
    return [f'the training ends when mIoU has not risen for {waited}']


def _num_training(sources: SceneSources, val_share: float) -> int:
    parts = sources.scenes.parts
    if sources.scenes.training is None:
        raise UserError(f'{sources.root} has no images for training, only for {", ".join(parts)}: put them into train')
    number = len(parts[sources.scenes.training].pairs)
    return number if 'val' in parts else max(round(number * (1 - val_share)), 1)
