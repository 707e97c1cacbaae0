"""``--backbone NAME``: another backbone in any config of a classifier, pretrained unless told otherwise."""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mmengine.config import Config

from ltcl.errors import UserError
from ltcl.neutral_text import shorten

from .image_options import at_least

if TYPE_CHECKING:
    from .backbones import Backbone, Preparation

EVAL_VIEW, VIEWS = 'ltcl.EvalView', 'ltcl.Views'
# Steps of mmpretrain that make the size of the images, and the arguments that say it.
SQUARES = {'RandomResizedCrop': 'scale', 'CenterCrop': 'crop_size'}
EDGES = {'ResizeEdge': 'scale', 'Resize': 'scale'}
# Variable of the configs of own scenes.
SIZE = 'image_size'


def backbone_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose a backbone."""
    parser.add_argument(
        '--backbone',
        metavar='NAME',
        help='network of timm or model of mmpretrain in place of the one of the config, with its pretrained weights; '
        'mean, std, interpolation and size of the images become those of the weights',
    )
    parser.add_argument(
        '--weights', metavar='FILE', help='weights to start the backbone from: a file, a URL or torchvision://NAME'
    )
    parser.add_argument('--scratch', action='store_true', help='train the backbone of --backbone from random weights')
    parser.add_argument(
        '--image-size', type=at_least(1), metavar='N', help='side of the images in pixels, for all pipelines'
    )


def apply_backbone(cfg: Config, args: argparse.Namespace) -> Config:
    """Change a config as the options of :func:`backbone_options` say.

    Args:
        cfg: The config, changed in place.
        args: The parsed options.

    Returns:
        The config.

    Raises:
        UserError: Options that contradict each other, an unknown name, no weights, or a config of another kind.
    """
    if args.scratch and (args.weights or not args.backbone):
        raise UserError('--scratch is for --backbone NAME without --weights: take it out, or name the backbone')
    if args.image_size is not None and args.image_size < 1:
        raise UserError(f'--image-size {args.image_size} must be at least 1')
    check_weights(args.weights)
    if args.backbone:
        set_backbone(cfg, args.backbone, args.weights, args.scratch, args.image_size)
    else:
        if args.weights:
            _require_classifier(cfg, '--weights')
            backbone = cfg.model.backbone
            weights = dict(type='Pretrained', checkpoint=args.weights)
            backbone.get('encoder', backbone).init_cfg = weights
            _start_anew(cfg)
        if args.image_size and not _segments(cfg):
            set_image_size(cfg, args.image_size)
    return cfg


def size_variable(cfg: Config, size: int | None) -> dict[str, int]:
    """The variable from which a config of segmentation computes the sizes of its images, for ``--image-size``.

    Args:
        cfg: The config.
        size: Side of the images; None leaves it.

    Returns:
        Its value by its name; nothing for a classifier, whose pipelines :func:`apply_backbone` changes.

    Raises:
        UserError: A config of segmentation has no such variable.
    """
    if not size or not _segments(cfg):
        return {}
    if SIZE not in cfg:
        named = [name for name in ('img_scale', 'crop_size') if name in cfg] or ['the sizes in its pipelines']
        raise UserError(
            f'--image-size is for classifiers and for configs with {SIZE}: change {", ".join(named)} and '
            'data_preprocessor.size of this one with --cfg-options'
        )
    return {SIZE: size}


def check_weights(weights: str | None) -> None:
    """Refuse a ``--weights`` that names no file, before anything is built.

    Raises:
        UserError: It is a folder, or there is nothing.
    """
    if not weights or '://' in weights or Path(weights).is_file():
        return
    if Path(weights).is_dir():
        raise UserError(f'--weights {weights} is a folder: name a file in it, such as a checkpoint')
    raise UserError(f'--weights {weights}: there is no such file: correct the path')


def set_backbone(
    cfg: Config, name: str, weights: str | None = None, scratch: bool = False, image_size: int | None = None
) -> None:
    """Replace the backbone of a config, and all that follows from it.

    Neck, ``frozen``, ``load_from`` and widths of the old one go. Mean, std, order of the colours, interpolation and
    size of the images become those of the new one's weights; from scratch they stay as they are.

    Args:
        cfg: The config of a classifier, changed in place.
        name: As of :func:`~.backbones.find_backbone`.
        weights: File to start from; None looks for the weights of the name.
        scratch: Start from random weights.
        image_size: Side of the images; None is that of the weights.

    Raises:
        UserError: There is no backbone of this name, no weights of it, or no classifier in the config.
    """
    _require_classifier(cfg, '--backbone')
    from .backbones import find_backbone

    found = find_backbone(name, weights)
    init_cfg, prepared = found.find(not scratch and weights is None)
    if weights is not None:
        init_cfg = dict(type='Pretrained', checkpoint=weights)
    own_size = image_size_of(cfg) if scratch else None
    size = image_size or own_size or prepared.size
    prepared = prepared.of_size(size)
    channels = len(_normalisation(cfg).get('mean') or (0,) * 3)
    _put(cfg, _sized(found, size, channels) | (dict(init_cfg=init_cfg) if init_cfg else {}), found.neck)
    for part in ('head', 'projector'):
        if cfg.model.get(part):
            cfg.model[part].pop('in_channels', None)
    if cfg.model.type in ('ImageClassifier', 'mmpretrain.ImageClassifier'):
        cfg.model.type = 'ltcl.Classifier'  # which derives the widths
    if cfg.model.get('frozen'):
        cfg.model.frozen = ()  # names of the other network
    _check_layer_decay(cfg)
    if not (scratch and cfg.get('stage1_config')):
        _start_anew(cfg)
    if not scratch:
        _normalise(cfg, prepared, channels)
    if size != own_size:
        set_image_size(cfg, size, prepared.resize, None if scratch else prepared.interpolation)
    if os.environ.get('RANK', '0') == '0':
        start = 'random weights' if init_cfg is None else f'weights {init_cfg["checkpoint"]}'
        print(f'backbone {found.name} of {found.library}, {start}, images of {size} px')
        if weights is not None and found.library == 'timm' and '.' not in name:
            _tell_preparation(found.name, weights)


def _tell_preparation(name: str, weights: str) -> None:
    """Say whose mean and std are taken for a file that does not tell, where timm knows several of the network."""
    from ltcl.checkpoints.timm_files import name_of_file, other_preparations

    others = other_preparations(name)
    if others and name_of_file(name.partition('.')[0], weights) != name:
        print(f'mean and std are those of {name}; {shorten(others, 3)} have others: name the one that the file is of')


def _put(cfg: Config, network: dict, pooling: dict | list[dict] | None) -> None:
    """Set backbone and neck; what is around a backbone that is tuned in part stays around it."""
    backbone = cfg.model.backbone
    if 'encoder' in backbone:
        backbone.encoder = network
    else:
        cfg.model.backbone = network
    if backbone.type == 'ltcl.FrozenBackbone':
        backbone.pooling = pooling
    else:
        cfg.model.neck = pooling


def image_size_of(cfg: Config) -> int | None:
    """Side of the images that a config tests, or else trains on; None if it does not tell."""
    from ltcl.datasets.transforms.recipes import RECIPES

    loaders = [cfg.get(f'{name}_dataloader') for name in ('test', 'val', 'train')]
    pipelines = [pipeline for loader in loaders if loader for pipeline in _pipelines(loader)]
    for step in (step for pipeline in pipelines for step in _steps(pipeline)):
        if step['type'] == EVAL_VIEW:
            return step.get('size', 224)
        key = {**SQUARES, 'RandomCrop': 'crop_size'}.get(step['type'])
        if key is not None:
            return step[key] if isinstance(step[key], int) else max(step[key])
        if step['type'] == VIEWS:
            return step.get('size') or RECIPES[_recipe(step['recipes'][0])].size
    return None


def set_image_size(cfg: Config, size: int, resize: int | None = None, interpolation: str | None = None) -> None:
    """Give all pipelines of a config one size of images.

    Steps that make a size are changed. Where images come in the size of their data set, as those of CIFAR, a step that
    resizes them is added behind the augmentation, which is made for that size.

    Args:
        cfg: The config, changed in place.
        size: Side in pixels.
        resize: Shorter side before the square is cut out; None keeps it in proportion.
        interpolation: Of the resizing; None keeps it.
    """
    for pipeline in _pipelines(cfg._cfg_dict):
        found = [_resize_step(step, size, resize, interpolation) for step in _steps(pipeline)]
        packing = next((number for number, step in enumerate(pipeline) if step['type'] == 'PackInputs'), None)
        if packing is not None and not any(found):
            step = dict(type=EVAL_VIEW, resize=size, size=size)
            pipeline.insert(packing, step | (dict(interpolation=interpolation) if interpolation else {}))


def _resize_step(step: dict, size: int, resize: int | None, interpolation: str | None) -> bool:
    """Change a step that makes the size of its images; whether it is one."""
    kind = step['type']
    if kind == VIEWS:
        return _resize_views(step, size)
    edge = {EVAL_VIEW: 'resize', **EDGES}.get(kind)
    square = {EVAL_VIEW: 'size', **SQUARES}.get(kind)
    if edge is not None:
        old = (step.get('resize', 256), step.get('size', 224)) if kind == EVAL_VIEW else (1, 1)
        step[edge] = resize or round(size * old[0] / old[1])
        if interpolation:
            step['interpolation'] = interpolation
    if square is not None:
        step[square] = size
    return square is not None or kind == 'Resize'


def _resize_views(step: dict, size: int) -> bool:
    """The same for views; those of recipes for small images stay as they are."""
    from ltcl.datasets.transforms.recipes import IMAGE_SIZE, RECIPES

    key = 'recipes' if step.get('recipes') else 'blocks'
    names = [_recipe(each) for each in step[key]]
    if any(name in RECIPES and RECIPES[name].size != IMAGE_SIZE for name in names):
        return False
    step['size'] = size
    for each in step[key]:
        if isinstance(each, dict):
            each.pop('size', None)
    return True


def _recipe(entry: str | dict) -> str:
    return entry if isinstance(entry, str) else str(entry.get('recipe', entry.get('block')))


def _pipelines(node: object) -> Iterator[list]:
    """Every list of steps below a node of a config."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list | tuple) else ()
    for key, value in items:
        if str(key).endswith('pipeline') and isinstance(value, list):
            if all(isinstance(step, dict) and 'type' in step for step in value):
                yield value
        else:
            yield from _pipelines(value)


def _steps(pipeline: list) -> Iterator[dict]:
    """The steps of a pipeline, those of each view included."""
    for step in pipeline:
        if isinstance(step, dict):
            yield step
            yield from _steps([each for views in step.get('transforms', ()) for each in _listed(views)])


def _listed(steps: dict | list) -> list:
    return steps if isinstance(steps, list) else [steps]


def _require_classifier(cfg: Config, option: str) -> None:
    if not isinstance((cfg.get('model') or {}).get('backbone'), dict) or _segments(cfg):
        raise UserError(f'{option} is for configs of classifiers: change model.backbone of this one by hand')


def _segments(cfg: Config) -> bool:
    return 'decode_head' in (cfg.get('model') or {})


def _sized(found: 'Backbone', size: int, channels: int) -> dict:
    """The config of a backbone for images of a size and a number of channels."""
    from mmpretrain.registry import MODELS

    from ltcl.signatures import parameters_of

    known = parameters_of(MODELS.get(found.config['type']))
    wanted: dict = dict(in_channels=channels) if channels != 3 else {}
    if 'img_size' in known:
        wanted['img_size'] = (size, size) if isinstance(found.config.get('img_size'), list | tuple) else size
    if 'pad_small_map' in known:  # windows of attention that are larger than the maps of small images
        wanted['pad_small_map'] = True
    if 'in_channels' in wanted and 'in_channels' not in known:
        raise UserError(f'--backbone {found.name} takes colours, and the images of the config have {channels} channel')
    return {**found.config, **wanted}


def _start_anew(cfg: Config) -> None:
    """A checkpoint that the config starts from is one of its own backbone."""
    if cfg.get('load_from') is not None:
        cfg.load_from = None


def _normalisation(cfg: Config) -> dict:
    return cfg.get('data_preprocessor') or cfg.model.get('data_preprocessor') or {}


def _normalise(cfg: Config, prepared: 'Preparation', channels: int) -> None:
    """Numbers and order of the colours as the weights know them; of grey images the mean over the colours."""
    entries = _normalisation(cfg)
    if not entries:
        cfg.data_preprocessor = entries = dict(type='ltcl.MultiViewDataPreprocessor', to_rgb=False)
    for key, values in (('mean', prepared.mean), ('std', prepared.std)):
        entries[key] = [sum(values) / len(values)] if channels == 1 else list(values)
    if entries.get('channel_order', 'rgb') != prepared.order:
        entries.update(channel_order=prepared.order, to_rgb=not entries.get('to_rgb', False))


def _check_layer_decay(cfg: Config) -> None:
    """A rate that falls from layer to layer needs a backbone that tells its layers."""
    from mmpretrain.registry import MODELS

    kind = cfg.model.backbone['type']
    wrapper = cfg.get('optim_wrapper') or {}
    if 'LearningRateDecay' in str(wrapper.get('constructor')) and not hasattr(MODELS.get(kind), 'get_layer_depth'):
        del wrapper['constructor']
        wrapper.get('paramwise_cfg', {}).pop('layer_decay_rate', None)
