"""The config of a training that goes on with the model of another run, with more images or more classes."""

import argparse
import shlex
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ltcl.datasets.class_names import normal_name
from ltcl.engine.hooks.known_classes_hook import places_of
from ltcl.errors import UserError
from ltcl.launch import import_mmpretrain, load_config
from ltcl.launch.config_values import images_of, replace_copies
from ltcl.launch.drawn_anew import told_images, words_on_new_draw
from ltcl.launch.nodes import is_kept
from ltcl.launch.run_config import OWN_IMAGES
from ltcl.launch.tuning.frozen import KEPT
from ltcl.launch.tuning.thawed import is_frozen, thaw
from ltcl.neutral_text import visible

from .choosing import NO_RATE, RATE, apply_words, options_of
from .found import Found
from .methods import config_of, method_of
from .two_stages import FOLDER

ADAPTED = 'ltcl.AdaptedBackbone'
# What ended or described the other run, not this one.
LEFT_BEHIND = ('experiment_name', 'launcher', 'resume', 'work_dir', 'stage1_config')
# What --patience and --cache-images of its command line added.
HOOKS_OF_OPTIONS = ('ltcl.PatienceHook', 'ltcl.SharedImagesHook')


def config_from_run(args: argparse.Namespace) -> Config:
    """The config of a run, for the images of a folder and starting from the run's weights.

    Method, backbone, size of the images and all that prepares them are those of the run. ``--tune`` trains more of the
    network, with the rate and the batch of the method.

    Args:
        args: The command line, with ``start_from`` and the folder.

    Raises:
        UserError: There is no checkpoint, it carries no config, was not trained on own images, the folder lacks one of
            its classes, ``--tune`` does not go with what was trained, or nothing or no classifier was trained.
    """
    from ltcl.checkpoints.choosing import checkpoint_of
    from ltcl.checkpoints.class_names import trained_classes
    from ltcl.checkpoints.run_state import meta_of
    from ltcl.checkpoints.schemes import load_checkpoint
    from ltcl.checkpoints.stored_config import stored_config

    path = checkpoint_of(args.start_from)
    checkpoint = load_checkpoint(str(path))
    cfg = stored_config(
        checkpoint, path, remedy=f'`ltcl train CONFIG --cfg-options {shlex.quote(f"load_from={path}")}`'
    )
    known = trained_classes(checkpoint, path)
    if known is None or any(images.get('type') != OWN_IMAGES for images in _images(cfg)):
        raise UserError(
            f'--from {args.start_from} was not trained on a folder of images, so its classes are not known: name a run '
            'of `ltcl train DATA`'
        )
    args.left_out = told_images(path, 'val')
    args.earlier_root = images_of(cfg.train_dataloader.dataset).data_root
    args.earlier_division = _division(cfg, known, meta_of(checkpoint).get('class_counts'))
    import_mmpretrain()
    _require_classifier(cfg, path, args.start_from)
    for name in LEFT_BEHIND:
        cfg.pop(name, None)
    cfg.custom_hooks = [hook for hook in cfg.get('custom_hooks') or [] if hook['type'] not in HOOKS_OF_OPTIONS]
    _take_images(cfg, args.config)
    cfg.load_from = str(path.absolute())
    if args.tune and _is_tuned_so(cfg, args.tune[0]):
        args.tune = None
    if args.tune:
        _train_more(cfg, args)
    options = options_of(args)
    _refuse_no_rate(cfg, args, options)
    cfg = apply_words(cfg, argparse.Namespace(**{**vars(args), 'cfg_options': options}))
    cfg.load_from = str(path.absolute())
    _keep_what_is_known(cfg, known, options)
    return cfg


def warn_of_trained_images(args: argparse.Namespace, cfg: Config, found: Found) -> None:
    """Tell that images which the other run has learned from are now among those that measure.

    Args:
        args: The command line, as :func:`config_from_run` has left it.
        cfg: The config of this run.
        found: Its images. Another image or another order of the classes moves all that is drawn.
    """
    if found.is_drawn and not _leaves_out_the_same(args, cfg, found):
        is_sure = Path(args.earlier_root).resolve() == Path(args.config).resolve()
        print(f'warning: {words_on_new_draw(args.start_from, is_sure)}', file=sys.stderr)


def _leaves_out_the_same(args: argparse.Namespace, cfg: Config, found: Found) -> bool:
    """Whether the validation has the images that the other run left out; without a report their numbers tell."""
    if args.left_out is not None:
        return found.left_out == args.left_out
    return args.earlier_division == _division(cfg, found.classes, found.counts)


def _division(cfg: Config, classes: Sequence[str], counts: Sequence[int] | None) -> tuple:
    """What the division of images into training and validation shows of itself."""
    images = images_of(cfg.train_dataloader.dataset)
    draw = [images.get(name) for name in ('val_share', 'split_seed', 'groups')]
    return [normal_name(name) for name in classes], list(counts or ()), draw


def _is_tuned_so(cfg: Config, way: str) -> bool:
    """Whether the run has trained as much as ``--tune`` says, so that it stays as it is."""
    return (way == 'frozen' and is_frozen(cfg)) or (way == 'lora' and cfg.model.backbone.type == ADAPTED)


def _train_more(cfg: Config, args: argparse.Namespace) -> None:
    """Prepare the config of a run for another ``--tune``.

    Raises:
        UserError: The run has trained adapters, which no other way of tuning keeps.
    """
    way = args.tune[0]
    if cfg.model.backbone.type == ADAPTED:
        raise UserError(
            f'--tune {" ".join(args.tune)}: {args.start_from} has trained low-rank updates, which would be lost: leave '
            '--tune out, or take --tune lora'
        )
    if way == 'frozen':
        args.head = KEPT
    if way == 'frozen' or cfg.model.type == 'ltcl.FrozenEncoderClassifier':
        return
    if is_frozen(cfg):
        thaw(cfg)
    method = method_of(cfg.model)
    if method:
        published = load_config(config_of(method))
        cfg.optim_wrapper = published.optim_wrapper
        cfg.train_dataloader.batch_size = published.train_dataloader.batch_size
        cfg.default_hooks.logger = published.default_hooks.logger


def _refuse_no_rate(cfg: Config, args: argparse.Namespace, kept: Collection[str]) -> None:
    """Refuse to go on at the rate of a run that trained nothing: known classes would keep the means of old images."""
    if cfg.optim_wrapper.optimizer.lr == NO_RATE and not is_kept(RATE, kept):
        raise UserError(
            f'--from {args.start_from} is a run of --method ncm, which trains nothing: `ltcl train '
            f'{shlex.quote(args.config)} --method ncm` takes the means of all images, and --lr X trains a classifier '
            'from the means of the old ones on'
        )


def _require_classifier(cfg: Config, path: Path, start_from: str) -> None:
    """Refuse to go on with the first of two trainings, whose head has no row for a class."""
    from mmpretrain.registry import MODELS

    if not getattr(MODELS.get(cfg.model.head.type), 'has_classifier', True):
        is_first = path.absolute().parent.name == FOLDER
        second = visible(path.absolute().parent.parent) if is_first else 'the run of the second'
        raise UserError(f'--from {start_from} is the first of two trainings, without a classifier: name {second}')


def _images(cfg: Config) -> Iterator[Any]:
    """Config of the images of each data set."""
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        yield images_of(cfg[name].dataset)


def _take_images(cfg: Config, folder: str) -> None:
    """The images of another folder, and as many classes as it has."""
    for images in _images(cfg):
        images.data_root = str(Path(folder).absolute())
        images.pop('classes', None)
    cfg.data_root = str(Path(folder).absolute())
    old = cfg.model.head.num_classes
    cfg.setdefault('num_classes', old)
    replace_copies(cfg._cfg_dict, 'num_classes', old, None)


def _keep_what_is_known(cfg: Config, known: Sequence[str], kept: Collection[str]) -> None:
    """Weights by the names of the classes; the encoder needs no others."""
    from ltcl.registry import DATASETS

    images = dict(images_of(cfg.train_dataloader.dataset), pipeline=[], lazy_init=True)
    names = DATASETS.build(images).metainfo['classes']
    places = places_of(known, names)
    cfg.default_hooks['known_classes'] = dict(type='ltcl.KnownClassesHook', classes=list(known))
    # Of the weights of another method the head would be left out.
    if not is_kept('default_hooks.strict_load.ignore', kept):
        cfg.default_hooks.setdefault('strict_load', dict(type='ltcl.StrictLoadHook'))['ignore'] = []
    for part in (cfg.model.backbone, cfg.model.backbone.get('encoder') or {}):
        part.pop('init_cfg', None)
    if is_kept('default_hooks.class_mean_start', kept):
        return
    cfg.default_hooks.pop('class_mean_start', None)
    new = [label for label in range(len(names)) if label not in places]
    if new:
        cfg.default_hooks['class_mean_start'] = dict(type='ltcl.ClassMeanStartHook', labels=new)


def new_classes(cfg: Config, classes: Sequence[str]) -> list[str]:
    """Classes that the run it goes on with does not know."""
    known = {normal_name(name) for name in cfg.default_hooks.known_classes.classes}
    return [name for name in classes if normal_name(name) not in known]
