"""Compare a data set on disk with what is known of it.

Lists, numbers of images, sizes of the classes and whether images are where the lists say. Status 1 and one line for
each problem, with the place where a missing file is obtained.

examples:
  ltcl data check imagenet-lt data/imagenet
  ltcl data check cifar100-lt --download
"""

import argparse
import sys
from typing import TYPE_CHECKING

from ltcl.errors import UserError
from ltcl.launch import import_mmpretrain
from ltcl.launch.config_names import similar_names
from ltcl.neutral_text import visible

from .parser import ArgumentParser, command

if TYPE_CHECKING:
    from rich.table import Table

    from ltcl.datasets.check_published import Finding
    from ltcl.datasets.published import PublishedSet


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    parser.add_argument('name', help='data set, as in configs/_base_/datasets: imagenet-lt, places-lt, inat2018, ...')
    parser.add_argument('root', nargs='?', help='its folder (default: the one in the configs)')
    parser.add_argument(
        '--files',
        choices=('sample', 'all', 'none'),
        default='sample',
        help='which of the images that a list names are looked for (default: sample, 256 of them)',
    )
    parser.add_argument('--download', action='store_true', help='get what is missing of CIFAR and SVHN')
    parser.add_argument(
        '--sort-val', action='store_true', help='first move the validation images of ImageNet into class folders'
    )


def parsed(parser: ArgumentParser) -> argparse.Namespace:
    """What the command line says; --sort-val goes with one data set."""
    args = parser.parse_args()
    if args.sort_val and not args.name.startswith('imagenet'):
        parser.error('--sort-val is for imagenet and imagenet-lt')
    return args


def table_of(published: 'PublishedSet', findings: list['Finding']) -> 'Table':
    """Numbers found, beside the known ones where they differ."""
    from rich.table import Table

    table = Table(title=published.title)
    for name in ('part', 'images', 'largest class', 'smallest class', 'known from'):
        table.add_column(name, justify='left' if name in ('part', 'known from') else 'right')
    for finding in findings:
        part, counts = published.parts[finding.part], finding.counts
        found = [None] * 3 if counts is None else [counts.sum(), counts.max(), counts.min()]
        cells = map(_cell, found, (part.images, part.largest, part.smallest))
        table.add_row(finding.part, *cells, 'own count' if part.measured else 'literature')
    return table


def _cell(found: int | None, known: int) -> str:
    if found == known:
        return f'{found:,}'
    return f'[red]{"none" if found is None else f"{found:,}"}[/] of {known:,}'


@command(options, parse=parsed)
def main(args: argparse.Namespace) -> None:
    """Check, print the table, then one line for each problem."""
    # After the options, so that a mistyped one is answered at once.
    import_mmpretrain()
    from rich.console import Console

    from ltcl.datasets.check_published import check_set, sort_into_class_folders
    from ltcl.datasets.published import PUBLISHED

    if args.name not in PUBLISHED:
        hint = similar_names(args.name, PUBLISHED) or f'known are {", ".join(PUBLISHED)}'
        raise UserError(f'there is no published data set {args.name!r}: {hint}')
    published = PUBLISHED[args.name]
    root = args.root or published.data_root
    if args.sort_val:
        print(f'{sort_into_class_folders(root):,} images moved into class folders')
    findings = check_set(published, root, args.files, args.download)
    Console().print(table_of(published, findings))
    # The parts of CIFAR share an archive, so their problems can be the same.
    problems = dict.fromkeys(problem for finding in findings for problem in finding.problems)
    for problem in problems:
        print(f'error: {visible(problem)}', file=sys.stderr)
    if problems:
        sys.exit(1)
    print(f'{visible(root)} is as published')
