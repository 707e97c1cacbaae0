"""Divide own images into training and validation, for good.

Writes train.txt, val.txt (and test.txt) with lines "path label" and classes.txt, which the configs of ltcl::custom
read instead of the folders. They divide in the same way themselves; this keeps a division when images are added or
removed, draws a test set as well, and shows the tail before a training.

Copies of a picture, also scaled or compressed anew, and images of one origin (--groups) stay in one part. Copies in two
classes are listed in contradictions.csv; copies of images of a val or test that is there already, in shared.csv.

examples:
  ltcl data split data/birds --test-share 0.2
  ltcl data split data/eyes --groups "(patient[0-9]+)_"
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ltcl.errors import UserError
from ltcl.files import write_atomic
from ltcl.launch import import_mmpretrain
from ltcl.launch.image_options import seed_number
from ltcl.neutral_text import csv_text, visible

from .parser import ArgumentParser, command

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from ltcl.datasets.kept_together import PictureNumbers
    from ltcl.datasets.own_sources import Images, OwnSources


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    parser.add_argument('folder', type=Path, help='folder of class folders, of train/ with class folders, or of a list')
    parser.add_argument(
        '--val-share', type=float, default=0.2, help='share of each class for validation (default: 0.2)'
    )
    parser.add_argument('--test-share', type=float, default=0.0, help='share of each class for a test (default: 0)')
    parser.add_argument('--seed', type=seed_number, default=0, help='of the draw (default: 0)')
    parser.add_argument(
        '--groups',
        metavar='FILE|REGEX',
        help='what tells images of one origin: a list with lines path,group, or a regular expression with one pair of '
        'brackets for the paths, such as "(patient[0-9]+)_"',
    )
    parser.add_argument(
        '--check-copies',
        choices=('all', 'sample', 'none'),
        default='all',
        help='among which images copies are looked for (default: all; sample: 20,000)',
    )
    parser.add_argument(
        '--contradicting',
        choices=('keep', 'drop'),
        default='keep',
        help='whether images with the same pixels in two classes are divided or left out (default: keep)',
    )
    parser.add_argument('--out', type=Path, help='folder of the lists (default: FOLDER)')


def shares_to_draw(sources: 'OwnSources', test_share: float, val_share: float) -> dict[str, float]:
    """Parts to be drawn and their shares.

    Raises:
        UserError: A part to be drawn is there already, nothing is there to draw from, or nothing would be left of it.
    """
    if sources.training is None:
        raise UserError(f'{sources.root} has no training images to divide, only {", ".join(sources.files)}')
    if test_share < 1 <= test_share + val_share:
        raise UserError(
            f'--test-share {test_share} and --val-share {val_share} leave no image for training: lower one of them'
        )
    shares = {part: share for part, share in (('test', test_share), ('val', val_share)) if share}
    there = sorted(shares.keys() & sources.files.keys())
    if there:
        raise UserError(f'{sources.files[there[0]]} is there already: give --{there[0]}-share 0 to keep it')
    return shares


def divide(images: 'Images', together: 'np.ndarray', shares: dict[str, float], seed: int) -> dict[str, 'Images']:
    """Images of the parts that are drawn, and of 'train', what they leave.

    Args:
        images: To draw from.
        together: Group of each image, none of which is divided, shape (N,).
        shares: Share of all of these images, for each part to be drawn.
        seed: Of the draws.

    Raises:
        UserError: Nothing was drawn.
    """
    from ltcl.datasets import stratified_split

    parts, left = {}, 1.0
    for part, share in shares.items():
        kept, drawn = stratified_split(images.labels, share / left, seed, together)
        if not len(drawn):
            raise UserError(
                f'--{part}-share {share} draws no image, since the classes are too small, {len(images.labels)} images '
                f'in {len(set(together.tolist()))} groups that stay together: raise it'
            )
        parts[part], images, together = images.subset(drawn), images.subset(kept), together[kept]
        left -= share
    return {'train': images, **parts}


def contradiction_rows(images: 'Images', numbers: 'PictureNumbers', classes: list[str]) -> list[tuple]:
    """Path, class, picture and likeness of images that are copies of one in another class, by picture."""
    from ltcl.datasets.own_copies import contradicting

    equal = contradicting(numbers.pixels, images.labels)
    found = contradicting(numbers.pictures, images.labels).nonzero()[0]
    order = sorted(found.tolist(), key=lambda i: (numbers.pictures[i], i))
    count = {number: k for k, number in enumerate(dict.fromkeys(numbers.pictures[order].tolist()), 1)}
    return [
        (
            images.paths[i],
            classes[images.labels[i]],
            count[numbers.pictures[i]],
            'same pixels' if equal[i] else 'nearly the same',
        )
        for i in order
    ]


def tell_contradictions(rows: list[tuple], number_dropped: int, path: Path) -> None:
    """Write the list of them, and print how many there are and the first."""
    if not rows:
        return
    write_atomic(path, csv_text(('path', 'class', 'picture', 'likeness'), rows))
    first = ' and '.join(f'{visible(name)} ({visible(label)})' for name, label, number, _ in rows if number == 1)
    fate = f'{number_dropped} with the same pixels are left out' if number_dropped else 'all are kept'
    print(
        f'{rows[-1][2]} pictures are in two classes or more, in {len(rows)} images, such as '
        f'{visible(first, width=300)}; {fate}: {visible(path)}'
    )


def shared_rows(images: 'Images', there: dict[str, 'Images'], pictures: 'np.ndarray') -> list[tuple[str, str, str]]:
    """Path, copy and part of images that are copies of one in a part that is there already.

    Args:
        images: To draw from.
        there: Images of such parts.
        pictures: Number of the picture of each image, of those of the parts after the others.
    """
    in_parts = [(path, part) for part, others in there.items() for path in others.paths]
    copies: dict[int, tuple[str, str]] = {}
    for number, place in zip(pictures[len(images.paths) :].tolist(), in_parts, strict=True):
        copies.setdefault(number, place)
    numbers = pictures[: len(images.paths)].tolist()
    return [(path, *copies[k]) for path, k in zip(images.paths, numbers, strict=True) if k in copies]


def tell_shared(rows: list[tuple[str, str, str]], path: Path) -> None:
    """Write the list of them, and print how many there are and the first."""
    if not rows:
        return
    write_atomic(path, csv_text(('path', 'copy', 'part'), rows))
    image, copy, part = map(visible, rows[0])
    print(
        f'{len(rows)} images are copies of images in a part that was there before, such as {image} of {copy} ({part}): '
        f'figures of that part will flatter until one side is taken out: {visible(path)}'
    )


def statistics(parts: dict[str, 'Images'], classes: list[str]) -> 'pd.DataFrame':
    """One row a part; many-, medium- and few-shot classes are told by the training images."""
    import numpy as np
    import pandas as pd
    import torch

    from ltcl.evaluation.functional.shot import shot_groups

    counts = {part: np.bincount(images.labels, minlength=len(classes)) for part, images in parts.items()}
    groups = shot_groups(torch.as_tensor(counts['train']))
    rows = {
        part: {
            'images': number.sum(),
            'classes': (number > 0).sum(),
            'largest': f'{number.max()} ({visible(classes[number.argmax()])})',
            'smallest': f'{number.min()} ({visible(classes[number.argmin()])})',
            'imbalance factor': f'{number.max() / number[number > 0].min():.4g}',
            **{name: (number[mask.numpy()] > 0).sum() for name, mask in groups.items()},
        }
        for part, number in counts.items()
    }
    return pd.DataFrame.from_dict(rows, orient='index')


@command(options)
def main(args: argparse.Namespace) -> None:
    """Divide, write the lists, print what they hold."""
    import_mmpretrain()
    from ltcl.datasets.division_files import write_division
    from ltcl.datasets.kept_together import PictureNumbers, kept_together, picture_numbers
    from ltcl.datasets.own_copies import contradicting
    from ltcl.datasets.own_sources import find_sources, join_images

    sources = find_sources(args.folder, groups=args.groups)
    classes = sources.class_names()
    shares = shares_to_draw(sources, args.test_share, args.val_share)
    assert sources.training is not None  # or there were no shares
    images = sources.read(sources.training, classes, 'all')
    there = {part: sources.read(part, classes, 'all') for part in sources.files if part in ('val', 'test')}
    joint = picture_numbers(join_images([images, *there.values()]).paths, args.folder, args.check_copies)
    numbers = PictureNumbers(*(each[: len(images.paths)] for each in joint))
    together = kept_together(numbers.pictures, images.paths, args.folder, args.groups)
    contradictions = contradiction_rows(images, numbers, classes)
    dropped = contradicting(numbers.pixels, images.labels) & (args.contradicting == 'drop')
    drawn = divide(images.subset((~dropped).nonzero()[0]), together[~dropped], shares, args.seed)
    parts: dict[str, Images] = {
        part: (drawn | there)[part] for part in ('train', 'val', 'test') if part in drawn | there
    }
    out = args.out or args.folder
    written = write_division(parts, classes, args.folder, out)
    tell_contradictions(contradictions, dropped.sum(), out / 'contradictions.csv')
    tell_shared(shared_rows(images, there, joint.pictures), out / 'shared.csv')
    for note in sources.notes:
        print(visible(note))
    print(statistics(parts, classes).to_string())
    print('many, medium, few: classes with more than 100, 20 to 100, fewer than 20 training images')
    print(f'written: {", ".join(map(visible, written))}')
