"""A folder of composed scenes in mmsegmentation's layout."""

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from ..analysis.seg_class_counts import SegClassCounts, count_pixels, save_class_counts, sum_up
from ..errors import UserError
from ..files import take_place
from ..launch import import_mmpretrain
from ..neutral_text import markup
from ..progress_bars import tracked
from .files import parse_idx, read_verified
from .scenes import CLASSES, GARMENTS_PER_SCENE, Scene, compose_scenes

NUM_GARMENT_CLASSES = len(CLASSES) - 1
SPLITS = {'train': ('train', 6000), 'val': ('t10k', 1000)}  # files of Fashion-MNIST, and images of each class in them
COUNTS_FILE = 'class_counts.json'
PICTURES = ('img_dir', 'ann_dir')
WRITTEN = (*PICTURES, COUNTS_FILE)


def garment_counts(num_max: int, imbalance_factor: float, num_val: int) -> dict[str, np.ndarray]:
    """Garments of each class in each split, int64, shape (10,).

    Raises:
        UserError: An option is out of its range.
    """
    for split, option, value in (('train', '--num-max', num_max), ('val', '--num-val', num_val)):
        available = SPLITS[split][1]
        if not 1 <= value <= available:
            raise UserError(f'{option} must be 1 to {available} garments, got {value}')
    if imbalance_factor < 1:
        raise UserError(f'--imbalance-factor must be at least 1, got {imbalance_factor}')
    import_mmpretrain()  # which ltcl.datasets brings along
    from ..datasets.long_tail import class_counts_exponential

    return {
        'train': class_counts_exponential(num_max, NUM_GARMENT_CLASSES, imbalance_factor),
        'val': class_counts_exponential(num_val, NUM_GARMENT_CLASSES, 1),
    }


def read_scenes(data_root: Path, split: str, counts: np.ndarray, seed: int) -> Iterator[Scene]:
    """Scenes of the garments of a split."""
    prefix = SPLITS[split][0]
    images, labels = (
        parse_idx(read_verified(data_root, f'{prefix}-{name}-ubyte')) for name in ('images-idx3', 'labels-idx1')
    )
    # The splits would deal alike otherwise.
    return compose_scenes(images, labels, counts, 2 * seed + list(SPLITS).index(split))


def write_scenes(scenes: Iterable[Scene], folder: Path, split: str, num_scenes: int) -> SegClassCounts:
    """Write the pictures and label maps of a split, and count what they show."""

    def written() -> Iterator[np.ndarray]:
        for number, scene in enumerate(tracked(scenes, f'scenes, {split}', num_scenes, 'scenes')):
            for part, picture in (('img_dir', scene.image), ('ann_dir', scene.labels)):
                Image.fromarray(picture).save(folder / part / split / f'{number:05d}.png')
            yield count_pixels(scene.labels, len(CLASSES))

    for part in PICTURES:
        (folder / part / split).mkdir(parents=True)
    return sum_up(written(), CLASSES)


def is_complete(out: Path, options: dict) -> bool:
    """Whether the folder has the scenes of these options, whole: the file of counts is its last."""
    try:
        written = json.loads((out / COUNTS_FILE).read_text())
        numbers = {'train': written['num_images'], 'val': number_of_scenes(options['num_val'] * NUM_GARMENT_CLASSES)}
        return written['options'] == options and all(
            sum(1 for _ in (out / part / split).glob('*.png')) == number
            for split, number in numbers.items()
            for part in PICTURES
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def number_of_scenes(num_garments: int) -> int:
    """Scenes that so many garments are dealt to."""
    return -(-num_garments // GARMENTS_PER_SCENE)


def statistics_table(split: str, stats: SegClassCounts, garments: np.ndarray) -> Table:
    """What a split shows."""
    table = Table(title=f'{split}: {stats.num_images} scenes', title_justify='left')
    table.add_column('class')
    for title in ('garments', 'scenes', 'pixels, %'):
        table.add_column(title, justify='right')
    shares = np.array(stats.pixel) / sum(stats.pixel) * 100
    for name, number, scenes, share in zip(CLASSES, ['', *garments], stats.image, shares, strict=True):
        table.add_row(name, str(number), str(scenes), f'{share:.2f}')
    return table


def make_scenes(data_root: Path, out: Path, console: Console, **options: Any) -> None:
    """Write both splits and print what they show; nothing if they are there.

    Args:
        data_root: Folder of Fashion-MNIST.
        out: Folder to write.
        console: Where to print.
        **options: Of :func:`scene_options`.

    Raises:
        UserError: An option is out of its range, or Fashion-MNIST is not there.
    """
    if is_complete(out, options):
        console.print(f'The scenes are in {markup(out)}', soft_wrap=True)
        return
    seed = options['seed']
    counts = garment_counts(**{name: value for name, value in options.items() if name != 'seed'})
    partial = out / '.partial'
    shutil.rmtree(partial, ignore_errors=True)
    for split in SPLITS:
        scenes = read_scenes(data_root, split, counts[split], seed)
        stats = write_scenes(scenes, partial, split, number_of_scenes(int(counts[split].sum())))
        if split == 'train':
            save_class_counts(partial / COUNTS_FILE, stats, options=options)
        console.print(statistics_table(split, stats, counts[split]))
    take_place(partial, out, WRITTEN)
    console.print(f'The scenes are now in {markup(out)}', soft_wrap=True)
