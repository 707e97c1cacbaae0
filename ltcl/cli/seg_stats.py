"""Count the classes of a segmentation data set.

The file holds the number of images that show each class and its pixels, after label reduction, for `class_counts` of
`ltcl.RegionRebalanceBranch`, `ltcl.CenterCollapseBranch` and `ltcl.GPaCoBranch`.

examples:
  ltcl seg-stats my_config.py --out data/stats/ade20k.json
"""

import argparse
from pathlib import Path

from ltcl.errors import UserError
from ltcl.launch import import_scope, load_config
from ltcl.neutral_text import visible

from .parser import ArgumentParser, command


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    parser.add_argument('config', help='config whose training set is counted')
    parser.add_argument('--out', type=Path, required=True, metavar='FILE', help='.json file to write')
    parser.add_argument('--data-root', help='folder of the data set, in place of that of the config')
    parser.add_argument('--workers', type=int, default=4, help='threads that read label maps (default: 4)')


@command(options)
def main(args: argparse.Namespace) -> None:
    """Count, write the file, print what tells a table from others."""
    if args.out.suffix != '.json':
        raise UserError(f'--out {args.out} must end in .json')
    cfg = load_config(args.config)
    if 'train_dataloader' not in cfg:
        raise UserError(f'{args.config} has no train_dataloader: name a config that trains')
    import_scope('mmseg')  # registers data sets and their transforms
    from mmengine.registry import init_default_scope
    from mmseg.registry import DATASETS

    from ltcl.analysis.seg_class_counts import published_name, save_class_counts, summary
    from ltcl.analysis.seg_class_stats import annotations_only, count_dataset

    init_default_scope('mmseg')
    dataset_cfg = annotations_only(cfg.train_dataloader.dataset.to_dict())
    if args.data_root is not None:
        dataset_cfg['data_root'] = args.data_root
    stats = count_dataset(DATASETS.build(dataset_cfg), args.workers)
    save_class_counts(args.out, stats)
    print(f'{stats.num_images} images, {len(stats.classes)} classes')
    for key in ('image', 'pixel'):
        counts = getattr(stats, key)
        total, first, last = summary(counts)
        name = published_name(counts, key)
        known = f'as published for {name}' if name else 'none of the published tables'
        print(f'{key}: sum {total}; first {first}; last {last}; {known}')
    print(f'saved: {visible(args.out)}')
