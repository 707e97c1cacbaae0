"""From the command line to the sheet."""

import argparse
import shlex

from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch import nn

from ltcl.datasets.cached_features import find_cached
from ltcl.errors import UserError
from ltcl.launch.building import import_scope
from ltcl.launch.config_values import replace_copies
from ltcl.launch.moved_images import own_images, refuse_gone
from ltcl.launch.run_config import require_folder
from ltcl.own_folder.quietly import quiet

from .choosing import choose, classes_named
from .configs import config_of
from .pixels import preprocessor_of
from .sheet import sheet
from .sources import Source, open_source
from .views import Shown, views_of


def show(args: argparse.Namespace) -> tuple[str, int]:
    """The sheet as HTML, and how many images it shows.

    Args:
        args: The command line of ``ltcl browse``.

    Raises:
        UserError: There is no such config, part, class or group.
    """
    cfg = config_of(args.config, args.cfg_options, args.method)
    look_in(cfg, args.config, args.data)
    scope = cfg.get('default_scope') or 'mmpretrain'
    import_scope(scope)
    with quiet(), DefaultScope.overwrite_default_scope(scope):
        source = open_source(cfg, args.split or ('train' if cfg.get('train_dataloader') else 'test'))
        drawn = choose(source.members, _classes(source, args), args.number, args.seed)
        places = [place for each in drawn.values() for place in each]
        if not places:
            raise UserError('no image shows what was asked for: choose another class or group')
        preprocessor = preprocessor_of(cfg)
        shown = list(views_of(source, places, preprocessor, args.seed))
    if not shown:
        raise UserError('none of the images can be read')
    grouped = _by_class(source, drawn, shown)
    return sheet(args.config, _remarks(args, source, shown, preprocessor), grouped, source.classes), len(shown)


def look_in(cfg: Config, run: str, data: str | None) -> None:
    """Take the images from the folder where they are now; None: from where they were.

    Raises:
        UserError: They are not there.
    """
    images = own_images(cfg)
    if data is None:
        refuse_gone(cfg, run, f'ltcl browse {shlex.quote(str(run))} DATA')
        return
    require_folder(data)
    if images is None:
        raise UserError(f'{run} has no folder of own images: leave {data} out, or set --cfg-options data_root={data}')
    replace_copies(cfg._cfg_dict, 'data_root', images['data_root'], data)


def _classes(source: Source, args: argparse.Namespace) -> list[list[int]]:
    """Labels of the classes of each group that images are drawn from alike."""
    if args.classes:
        return [classes_named(args.classes, source.classes)]
    if args.group is None:
        return list(source.groups.values())
    if args.group not in source.groups:
        found = ', '.join(f'{name} {len(labels)}' for name, labels in source.groups.items())
        raise UserError(f'--group {args.group}: no class is {args.group}-shot; there are {found}')
    return [source.groups[args.group]]


def _by_class(source: Source, drawn: dict[int, list[int]], shown: list[Shown]) -> dict[str, list[Shown]]:
    """Images under the name of the class that they were drawn for, the largest class first."""
    by_place = {each.place: each for each in shown}
    group_of = {label: name for name, labels in source.groups.items() for label in labels}
    found = {}
    for label in sorted(drawn, key=lambda label: -len(source.members[label])):
        number = len(source.members[label])
        images = [by_place[place] for place in drawn[label] if place in by_place]
        many = 'images' if number > 1 else 'image'
        about = f'{source.classes[label]}: {number:,} {many}, {group_of[label]}-shot'
        if images:
            found[about] = images
    return found


def _remarks(args: argparse.Namespace, source: Source, shown: list[Shown], preprocessor: nn.Module) -> list[str]:
    views = 'one view' if len(shown[0].views) == 1 else f'{len(shown[0].views)} views'
    lines = [
        f'{len(shown)} of the {len(source.dataset):,} images of {source.part}_dataloader, {views} of each, as '
        f'{source.cfg.model.type} gets them; the normalisation is undone. Seed {args.seed}.'
    ]
    if find_cached(source.dataset) is not None:
        lines.append('The encoder is frozen and sees each image in these views, once; a step takes features of some.')
    if source.is_training and getattr(preprocessor, 'batch_augments', None):
        lines.append('The data preprocessor mixes the images of a batch; the label has a share of each.')
    return lines
