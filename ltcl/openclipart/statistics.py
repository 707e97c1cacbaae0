"""What the data set holds, in numbers."""

import shlex
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ..neutral_text import markup

BOUNDS = (20, 100)  # fewer training images are few, more are many


def shot_group(count: int) -> str:
    """Name of the shot group of a class with so many training images."""
    return 'few' if count < BOUNDS[0] else 'many' if count > BOUNDS[1] else 'medium'


def print_statistics(description: dict, data_root: Path, console: Console) -> None:
    """Print images of each class, the largest first, shot groups, imbalance factor, and what was left out."""
    train, test = (description['counts'][part] for part in ('train', 'test'))
    table = Table(title='Openclipart')
    for heading in ('class', 'training', 'test', 'shots'):
        table.add_column(heading, justify='right' if heading in ('training', 'test') else 'left')
    groups: dict[str, int] = dict.fromkeys(('many', 'medium', 'few'), 0)
    for name in sorted(train, key=lambda name: (-train[name], name)):
        group = shot_group(train[name])
        groups[group] += 1
        table.add_row(name, f'{train[name]:,}', f'{test.get(name, 0):,}', group)
    console.print(table)
    left_out = ', '.join(f'{number:,} {reason}' for reason, number in description['left_out'].items())
    lines = (
        f'{description["files"]:,} files, left out: {left_out}',
        f'{len(train)} classes, {sum(train.values()):,} training and {sum(test.values()):,} test images, '
        f'imbalance factor {max(train.values()) / min(train.values()):.4g}',
        ', '.join(f'{number} {group}' for group, number in groups.items())
        + f' (more than {BOUNDS[1]}, {BOUNDS[0]} to {BOUNDS[1]}, fewer than {BOUNDS[0]} training images)',
        f'Openclipart is in {markup(data_root)}. Train on it: ltcl train {markup(shlex.quote(str(data_root)))}',
    )
    for line in lines:
        console.print(line, soft_wrap=True, highlight=False)
