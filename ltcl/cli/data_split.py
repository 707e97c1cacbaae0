"""Divide own images into training and validation, for good.

Writes train.txt, val.txt (and test.txt) with lines "path label" and classes.txt, which the configs of ltcl::custom
read instead of the folders. They divide in the same way themselves; this keeps a division when images are added or
removed, draws a test set as well, and shows the tail before a training.

examples:
  ltcl data split data/birds --test-share 0.2
"""

import argparse
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ltcl.errors import UserError
from ltcl.launch import import_mmpretrain
from ltcl.neutral_text import visible

from .parser import ArgumentParser, command

if TYPE_CHECKING:
    import pandas as pd

    from ltcl.datasets.own_sources import Images, OwnSources


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    parser.add_argument('folder', type=Path, help='folder of class folders, of train/ with class folders, or of a list')
    parser.add_argument(
        '--val-share', type=float, default=0.2, help='share of each class for validation (default: 0.2)'
    )
    parser.add_argument('--test-share', type=float, default=0.0, help='share of each class for a test (default: 0)')
    parser.add_argument('--seed', type=int, default=0, help='of the draw (default: 0)')
    parser.add_argument('--out', type=Path, help='folder of the lists (default: FOLDER)')


def divide(sources: 'OwnSources', classes: list[str], val_share: float, test_share: float, seed: int) -> dict:
    """Images of each part, those that the folder has already as they are.

    Raises:
        UserError: A part to be drawn is there already, or nothing is there to draw from, or nothing was drawn.
    """
    from ltcl.datasets import stratified_split

    if sources.training is None:
        raise UserError(f'{sources.root} has no training images to divide, only {", ".join(sources.files)}')
    shares = {part: share for part, share in (('test', test_share), ('val', val_share)) if share}
    there = sorted(shares.keys() & sources.files.keys())
    if there:
        raise UserError(f'{sources.files[there[0]]} is there already: give --{there[0]}-share 0 to keep it')
    parts = {part: sources.read(part, classes, 'all') for part in sources.files if part in ('val', 'test')}
    rest = sources.read(sources.training, classes, 'all')
    for part, share in shares.items():
        kept, drawn = stratified_split(rest.labels, share, seed)
        if not len(drawn):
            raise UserError(f'--{part}-share {share} draws no image, since the classes are too small: raise it')
        parts[part], rest = rest.subset(drawn), rest.subset(kept)
    order = {'train': rest, **parts}
    return {part: order[part] for part in ('train', 'val', 'test') if part in order}


def write_lists(parts: dict[str, 'Images'], classes: list[str], root: Path, out: Path) -> list[Path]:
    """Write the lists, with paths relative to where they lie.

    Raises:
        UserError: One of the files is there already, or a name cannot be written so that it is read again.
    """
    from ltcl.datasets.class_names import are_whole_numbers

    files = {out / f'{part}.txt': images for part, images in parts.items()}
    names = out / 'classes.txt'
    existing = [str(path) for path in (*files, names) if path.exists() and path != root / 'classes.txt']
    if existing:
        raise UserError(f'{", ".join(existing)} would be overwritten: remove them or name another folder with --out')
    places = {path: [os.path.relpath(root / image, out) for image in images.paths] for path, images in files.items()}
    check_names(classes, (place for each in places.values() for place in each))
    # A class that is called 3 must not be taken for the third.
    labels = classes if are_whole_numbers(classes) else range(len(classes))
    out.mkdir(parents=True, exist_ok=True)
    for path, images in files.items():
        lines = [f'{place} {labels[label]}\n' for place, label in zip(places[path], images.labels, strict=True)]
        path.write_text(''.join(lines), encoding='utf-8')
    names.write_text(''.join(f'{name}\n' for name in classes), encoding='utf-8')
    return [*files, names]


def check_names(classes: Iterable[str], places: Iterable[str]) -> None:
    """Refuse what a list would not give back: it has one name a line, in UTF-8, and takes a backslash for a slash.

    Raises:
        UserError: Names the first one.
    """
    lost = [name for name in classes if name != name.strip() or re.search('[\n\r\ud800-\udfff]', name)]
    lost += [place for place in places if place != place.strip() or re.search(r'[\n\r\\\ud800-\udfff]', place)]
    if lost:
        raise UserError(
            f'{len(lost)} names cannot stand in a list, the first is "{visible(lost[0])}": rename what has a line '
            'break, a backslash, white space at an end or bytes that are no UTF-8, or train on the folder itself'
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
    from ltcl.datasets.own_sources import find_sources

    sources = find_sources(args.folder)
    classes = sources.class_names()
    parts = divide(sources, classes, args.val_share, args.test_share, args.seed)
    written = write_lists(parts, classes, args.folder, args.out or args.folder)
    for note in sources.notes:
        print(visible(note))
    print(statistics(parts, classes).to_string())
    print('many, medium, few: classes with more than 100, 20 to 100, fewer than 20 training images')
    print(f'written: {", ".join(map(visible, written))}')
