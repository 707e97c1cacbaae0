"""Count the images of a folder or a config, look for damage and copies, and say what follows.

Images of each class and part, imbalance factor, Gini coefficient, shot groups, sizes and modes of the images, damaged
files, and pictures that are twice: in a class, in two classes, in two parts. Classes of segmentation: ltcl seg-stats.

examples:
  ltcl stats data/birds
  ltcl stats data/birds --out birds.csv
  ltcl stats my_config.py --no-files
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ltcl.errors import UserError
from ltcl.files import write_atomic
from ltcl.launch import import_scope, load_config
from ltcl.neutral_text import csv_text, visible

from .parser import ArgumentParser, command

if TYPE_CHECKING:
    from ltcl.analysis.data_stats import Labelled

PARTS = ('train', 'val', 'test')
SHOWN = 20


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    parser.add_argument('data', metavar='DATA|CONFIG', help='folder of images by class, or a config')
    parser.add_argument('--out', type=Path, metavar='FILE', help='.csv file with all classes')
    parser.add_argument('--no-files', action='store_true', help='only count: open no image')


def images_of_folder(root: str) -> 'Labelled':
    """All images of a folder as ``ltcl train`` reads them.

    Args:
        root: The folder.

    Raises:
        UserError: It has another form.
    """
    from ltcl.analysis.data_stats import Labelled
    from ltcl.datasets.own_sources import find_sources

    sources = find_sources(root, None)
    classes = sources.class_names()
    names = [name for name in (*PARTS, *sources.files) if name in sources.files]
    names = list(dict.fromkeys(names))
    read = [sources.read(name, classes, 'none', False, 'auto') for name in names]
    paths = [str(Path(root, path)) for images in read for path in images.paths]
    labels = np.concatenate([images.labels for images in read])
    return Labelled(paths, labels, np.repeat(np.arange(len(read)), [len(each.paths) for each in read]), names, classes)


def images_of_config(cfg: Any) -> 'Labelled':
    """All images of a config; a part that is another one again is left out.

    Args:
        cfg: The config of a classifier.
    """
    from mmengine.registry import DefaultScope

    from ltcl.analysis.data_stats import Labelled
    from ltcl.launch.config_values import images_of
    from ltcl.registry import DATASETS

    found: dict[str, Any] = {}
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        for name in PARTS:
            loader = cfg.get(f'{name}_dataloader')
            parts = loader and dict(images_of(loader.dataset), pipeline=[])
            if parts and parts not in [each for each, _ in found.values()]:
                found[name] = parts, DATASETS.build(parts)
    built = [dataset for _, dataset in found.values()]
    infos = [each.get_data_info(i) for each in built for i in range(len(each))]
    paths = [info['img_path'] for info in infos if info.get('img_path')]
    labels = np.concatenate([each.get_gt_labels() for each in built])
    numbers = np.repeat(np.arange(len(built)), [len(each) for each in built])
    return Labelled(paths, labels, numbers, list(found), list(built[0].metainfo['classes']))


def print_classes(images: 'Labelled', out: Path | None) -> None:
    """The largest classes and the smallest on the terminal, all of them in the file."""
    from ltcl.evaluation.functional.shot import DEFAULT_BOUNDS
    from ltcl.openclipart.statistics import shot_group

    counts = images.counts()
    first = next(iter(counts.values()))
    order = np.argsort(-first, kind='stable').tolist()
    rows = [[images.classes[i], *(int(each[i]) for each in counts.values()), shot_group(int(first[i]))] for i in order]
    head, tail = (rows, []) if len(rows) <= 2 * SHOWN else (rows[:SHOWN], rows[-SHOWN:])
    for each in [['class', *counts, 'shots'], *head, *([['...']] if tail else []), *tail]:
        print(f'{visible(each[0], width=40):40}', *(f'{cell:>9}' for cell in each[1:]))
    groups = [shot_group(int(count)) for count in first]
    few, many = DEFAULT_BOUNDS
    print(
        f'\nmany (> {many}) {groups.count("many"):,}, medium ({few}-{many}) {groups.count("medium"):,}, '
        f'few (< {few}) {groups.count("few"):,} classes'
    )
    if out is not None:
        write_atomic(out, csv_text(['class_name', *counts, 'group'], rows))


def print_files(images: 'Labelled', root: str) -> tuple[list[str], Any]:
    """Sizes, modes, damage and copies; returns the damaged files and the copies."""
    from ltcl.analysis import data_stats
    from ltcl.datasets.fingerprint_cache import fingerprints_of

    modes, sizes = data_stats.kinds_of(images.paths)
    if len(sizes):
        low, middle, high = (f'{w:.0f}x{h:.0f}' for w, h in np.percentile(sizes, (0, 50, 100), axis=0))
        print(f'width x height: smallest {low}, median {middle}, largest {high}')
    print('modes:', ', '.join(f'{mode} {number:,}' for mode, number in modes.most_common()) or 'none')
    prints = fingerprints_of(images.paths, root)
    lines, near = data_stats.describe_copies(prints, images)
    print(*lines, sep='\n')
    return data_stats.damaged(images.paths, prints), near


@command(options)
def main(args: argparse.Namespace) -> None:
    """Count, look, print and write.

    Raises:
        UserError: There is no such folder or config.
    """
    if args.out is not None and args.out.suffix != '.csv':
        raise UserError(f'--out {args.out}: the table is a .csv file')
    is_folder = Path(args.data).is_dir()
    cfg = None if is_folder else load_config(args.data)
    if cfg is not None and cfg.get('default_scope') == 'mmseg':
        raise UserError(
            f'{args.data} is a config of segmentation: `ltcl seg-stats {args.data} --out FILE.json` counts it'
        )
    import_scope('mmpretrain')
    from ltcl.analysis import data_stats
    from ltcl.own_folder.quietly import quiet

    with quiet():
        images = images_of_folder(args.data) if cfg is None else images_of_config(cfg)
    print_classes(images, args.out)
    print(*map(visible, data_stats.describe_counts(images)), sep='\n')
    broken, near = ([], None) if args.no_files or not images.paths else print_files(images, args.data)
    print('\nverdict:')
    for line in data_stats.verdict(images, broken, near):
        print(f'- {visible(line)}')
