"""Look at the images of a folder or a config: tail, damage, copies, doubtful labels, and what follows from it.

Images of each class and part, imbalance factor, Gini coefficient, shot groups, sizes and modes, damaged files, and
pictures that are twice: in a class, in two classes, in two parts. With --backbone, labels that the nearest neighbours
contradict. Of images with masks the pixels and images of each class, and masks that are missing or hold unknown values.
--out has it all as a page that opens anywhere, and as tables.

examples:
  ltcl stats data/birds
  ltcl stats data/birds --out birds_stats --backbone tf_efficientnet_lite0
  ltcl stats data/birds --out birds.html
  ltcl stats my_config.py --no-files --out classes.csv
"""

import argparse
from pathlib import Path

from ltcl.errors import UserError
from ltcl.launch import import_scope, load_config
from ltcl.launch.image_options import at_least

from .parser import ArgumentParser, command

KINDS = ('.csv', '.html', '')


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    parser.add_argument('data', metavar='DATA|CONFIG', help='folder of images by class or with masks, or a config')
    parser.add_argument(
        '--out',
        type=Path,
        metavar='PATH',
        help='folder for stats.html and all tables; or one file, the page (.html) or the table of the classes (.csv)',
    )
    parser.add_argument('--data-root', metavar='FOLDER', help='folder of the images, in place of that of the config')
    parser.add_argument('--no-files', action='store_true', help='only count: open no image')
    parser.add_argument(
        '--backbone',
        metavar='NAME',
        help='look for doubtful labels among the features of this network (`ltcl list backbones`); those that a '
        'training has left in the cache are not computed again',
    )
    parser.add_argument('--neighbours', type=at_least(1), metavar='N', help='how many are asked (default: 10)')


@command(options)
def main(args: argparse.Namespace) -> None:
    """Look, print and write.

    Raises:
        UserError: There is no such folder or config, or options contradict each other.
    """
    _check(args)
    is_folder = Path(args.data).is_dir()
    cfg = None if is_folder else load_config(args.data, _overrides(args))
    is_scenes = _holds_scenes(args.data) if cfg is None else cfg.get('default_scope') == 'mmseg'
    import_scope('mmseg' if is_scenes and cfg is not None else 'mmpretrain')
    if is_scenes:
        from ltcl.data_stats.scene_report import report
    else:
        from ltcl.data_stats.image_report import report
    report(args.data, cfg, args)


def _holds_scenes(folder: str) -> bool:
    from ltcl.own_scenes.layout import is_scene_folder

    return is_scene_folder(folder)


def _overrides(args: argparse.Namespace) -> dict[str, object]:
    return {} if args.data_root is None else {'data_root': args.data_root}


def _check(args: argparse.Namespace) -> None:
    if args.out is not None and args.out.suffix not in KINDS and not args.out.is_dir():
        raise UserError(f'--out {args.out}: a page is a .html file, the table a .csv file; a folder gets both')
    if args.out is not None and args.out.suffix in KINDS[:2] and not args.out.absolute().parent.is_dir():
        raise UserError(f'--out {args.out}: there is no folder {args.out.absolute().parent}: make it')
    if args.data_root is not None and Path(args.data).is_dir():
        raise UserError('--data-root is for a config: leave it out, the folder is named already')
    if args.no_files and args.backbone:
        raise UserError('--backbone opens the images, which --no-files forbids: leave one of them out')
    if args.neighbours and not args.backbone:
        raise UserError('--neighbours is for --backbone NAME: add it, or leave --neighbours out')
