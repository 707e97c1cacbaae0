"""Test a checkpoint on corrupted, rendered and sketched images.

Test pipeline and preprocessor are the config's. A table is printed, and all figures are written to
robustness_<checkpoint>.json and .csv in the work dir, after each set: started again, the tool goes on where it stopped.

examples:
  ltcl robustness CONFIG CHECKPOINT --clean --imagenet-c DIR --imagenet-r DIR --sketch DIR
  ltcl robustness CONFIG CHECKPOINT --clean --corrupted DIR --corruptions fog frost
"""

import argparse
import itertools
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mmengine.config import Config
from rich.console import Console

from ltcl.errors import UserError
from ltcl.launch import apply_options, build_runner, load_config, run_options
from ltcl.launch.config_values import images_of
from ltcl.launch.hook_names import HOOK_TYPES
from ltcl.launch.launcher import start_copies
from ltcl.launch.run_config import require_checkpoint
from ltcl.launch.threads import set_threads
from ltcl.neutral_text import markup

from .parser import ArgumentParser, command

if TYPE_CHECKING:
    from ltcl.analysis.robustness import RobustnessResults
    from ltcl.engine import Runner

# Data set of each option that names a folder.
SETS = {
    'imagenet_c': 'ltcl.ImageNetC',
    'corrupted': 'ltcl.CorruptedImages',
    'imagenet_r': 'ltcl.ImageNetR',
    'imagenet_sketch': 'ltcl.ImageNetSketch',
}
# They report, save or need the training images; none changes what a model predicts.
UNUSED_HOOKS = (
    *('timer', 'logger', 'param_scheduler', 'checkpoint', 'sampler_seed'),
    *('class_counts', 'progress', 'run_report', 'stop_signal'),
)


class Part(NamedTuple):
    """One accuracy to be measured."""

    name: str
    dataset: dict | None  # None: the config's own test set
    corruption: str | None = None
    severity: int | None = None


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    run_options(parser)
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--clean', action='store_true', help="the config's own test set, for figures relative to it")
    parser.add_argument('--imagenet-c', metavar='DIR', help='ImageNet-C: <corruption>/<severity>/<wnid>')
    parser.add_argument('--imagenet-r', metavar='DIR', help='ImageNet-R: <wnid> of 200 classes')
    parser.add_argument(
        '--sketch', dest='imagenet_sketch', metavar='DIR', help='ImageNet-Sketch: sketch/<wnid> or <wnid>'
    )
    parser.add_argument('--corrupted', metavar='DIR', help='images that `ltcl data corrupt` made')
    parser.add_argument('--corruptions', nargs='+', metavar='NAME', help='only these of the 15 corruptions')


def folders_of(args: argparse.Namespace) -> dict[str, str | None]:
    """Folder of each set that is asked for; None for the config's own test set.

    Raises:
        UserError: None is asked for, or a folder is missing.
    """
    folders = {name: vars(args)[name] for name in SETS if vars(args)[name] is not None}
    for folder in folders.values():
        if not Path(folder).is_dir():
            raise UserError(f'the folder {folder} does not exist')
    if args.clean:
        folders = {'clean': None, **folders}
    if not folders:
        raise UserError('nothing to test: give --clean, --imagenet-c, --imagenet-r, --sketch or --corrupted')
    return folders


def plan(folders: dict[str, str | None], corruptions: list[str], common: dict, names: list[str] | None) -> list[Part]:
    """All accuracies to be measured.

    Args:
        folders: As :func:`folders_of` returns them.
        corruptions: Names.
        common: Arguments of all data sets.
        names: Classes of the training; None where the checkpoint does not tell.

    Raises:
        UserError: Names the first corruption folder that is missing or lacks images.
    """
    from ltcl.analysis.robustness import CORRUPTED
    from ltcl.datasets.robustness import check_whole
    from ltcl.registry import DATASETS

    parts = []
    for name, folder in folders.items():
        dataset = {} if folder is None else dict(type=SETS[name], data_root=folder, **common)
        if folder is None or name not in CORRUPTED:
            parts.append(Part(name, dataset or None))
            continue
        variants = list(itertools.product(corruptions, range(1, 6)))
        check_whole(folder, variants)
        if name == 'corrupted':
            first = dict(dataset, corruption=variants[0][0], severity=variants[0][1], pipeline=[])
            if {*DATASETS.build(first).CLASSES} < {*(names or ())}:
                dataset['classes'] = names  # test images may lack a class
        parts += [Part(name, dict(dataset, corruption=each, severity=level), each, level) for each, level in variants]
    return parts


def color_of(cfg: Config) -> str | None:
    """How the images of a folder must be decoded so that the test pipeline can take them; None if it loads them.

    Raises:
        UserError: The pipeline neither loads files nor belongs to a set that is held in memory.
    """
    from ltcl.registry import DATASETS

    dataset = cfg.test_dataloader.dataset
    if any('Load' in step['type'] for step in dataset.pipeline):
        return None
    info = DATASETS.build({**dataset, 'pipeline': []}).get_data_info(0)
    if 'img' not in info:
        raise UserError('the test pipeline of the config loads no images: begin it with dict(type="ltcl.LoadImage")')
    return 'grey' if info['img'].ndim == 2 else 'rgb'


def prepare(cfg: Config, checkpoint: str) -> None:
    """Leave to the runner what a test of many sets needs."""
    cfg.load_from = checkpoint
    types = [HOOK_TYPES[name] for name in UNUSED_HOOKS]
    cfg.custom_hooks = [hook for hook in cfg.get('custom_hooks') or [] if hook['type'] not in types]
    cfg.default_hooks = {**cfg.get('default_hooks', {}), **dict.fromkeys(UNUSED_HOOKS)}
    cfg.test_dataloader.dataset = images_of(cfg.test_dataloader.dataset)  # cached features are those of one set
    cfg.test_dataloader.update(persistent_workers=False)


def look_at(cfg: Config, part: Part, names: list[str] | None) -> tuple[str, int]:
    """What tells the images of a set from others that had its place, and how many there are.

    Args:
        cfg: The config.
        part: The set. Of a folder the settings and the number of images tell; of the config's own test set the entries
            and the fingerprint.
        names: Classes of the training; None where the checkpoint does not tell.

    Raises:
        UserError: The set has other classes than the model, or in another order.
    """
    from ltcl.datasets.robustness import read_settings
    from ltcl.datasets.set_fingerprint import describe_set
    from ltcl.launch.compared_data import NO_IMAGES
    from ltcl.launch.drawn_anew import warn_of_new_draw
    from ltcl.registry import DATASETS

    entries = part.dataset or cfg.test_dataloader.dataset.to_dict()
    dataset = DATASETS.build({**entries, 'pipeline': []})
    check_classes(part.name, dataset, cfg.model.head.get('num_classes'), names)
    if part.dataset is None:
        chosen = {key: entries[key] for key in sorted(entries.keys() - NO_IMAGES)}
        text = f'{chosen}{describe_set(dataset)}'
        warn_of_new_draw(dataset, cfg.load_from, cfg.load_from, is_sure=False)
    else:
        text = f'{read_settings(part.dataset["data_root"])}{len(dataset)}'
    return sha256(text.encode()).hexdigest(), len(dataset)


def check_classes(name: str, dataset: Any, num_classes: int | None, names: list[str] | None) -> None:
    """Refuse a set with other classes than the model, or in another order; ImageNet-R has some of them.

    Args:
        name: Of the set.
        dataset: The set.
        num_classes: Classes of the model; None where the config does not tell.
        names: Their names in the order of the training; None where the checkpoint does not tell.

    Raises:
        UserError: It has.
    """
    from ltcl.engine.class_agreement import check_names, class_names

    if name == 'imagenet_r':
        return
    found = len(dataset.CLASSES)
    if num_classes not in (None, found):
        way = ': `ltcl data corrupt CONFIG OUT` makes one of the test set of the config' if name == 'corrupted' else ''
        raise UserError(f'{name} has {found} classes, the model of the config has {num_classes}{way}')
    check_names(names, class_names(dataset), name)


def measure(runner: 'Runner', part: Part, num_classes: int | None, names: list[str] | None) -> float:
    """Top-1 accuracy on one set, in percent.

    Args:
        runner: The runner, checkpoint loaded.
        part: The set.
        num_classes: Classes of the model; None where the config does not tell.
        names: Their names in the order of the training; None where the checkpoint does not tell.

    Raises:
        UserError: The set has other classes than the model, or in another order.
    """
    from mmengine.runner import TestLoop

    cfg = runner.cfg
    is_subset = part.name == 'imagenet_r'
    metric = dict(type='ltcl.ClassSubsetAccuracy') if is_subset else dict(type='Accuracy', topk=(1,), thrs=None)
    loader = cfg.test_dataloader if part.dataset is None else {**cfg.test_dataloader, 'dataset': part.dataset}
    loader = runner.build_dataloader(loader, seed=runner.seed)
    loop = TestLoop(runner, loader, [metric], fp16=cfg.test_cfg.get('fp16', False))
    check_classes(part.name, loader.dataset, num_classes, names)
    if not isinstance(runner._test_loop, TestLoop):
        # Hooks that give the model what it needs do it before the first set; the others have nothing new for them.
        runner._test_loop = loop
        runner.call_hook('before_test')
        runner.call_hook('before_test_epoch')
    runner.model.eval()
    for index, batch in enumerate(loader):
        loop.run_iter(index, batch)
    return loop.evaluator.evaluate(len(loader.dataset))['accuracy/top1']


def run_all(
    runner: 'Runner', parts: list[Part], results: 'RobustnessResults', path: Path, names: list[str] | None
) -> Iterator[str]:
    """Measure what is missing and write it down after each set; gives a line on each."""
    from mmengine.dist import is_main_process

    for part in parts:
        where = (part.name, part.corruption, part.severity)
        title = ' '.join(str(word) for word in where if word is not None)
        top1 = results.get(*where)
        if top1 is not None:
            yield f'{title}: top-1 {top1:.2f} (from {path.name})'
            continue
        num_images = results.sets[part.name]['num_images']
        start = time.perf_counter()
        top1 = measure(runner, part, results.about['num_classes'], names)
        results.add(part.name, top1, part.corruption, part.severity)
        if is_main_process():
            results.save(path)
        yield f'{title}: top-1 {top1:.2f} ({num_images:,} images, {time.perf_counter() - start:.1f} s)'


@command(options)
def main(args: argparse.Namespace) -> None:
    """Check everything, load the checkpoint, test it, print and write the figures."""
    start_copies(args)
    require_checkpoint(args.checkpoint)
    folders = folders_of(args)
    cfg = apply_options(load_config(args.config), args)
    prepare(cfg, args.checkpoint)
    set_threads(args.threads)
    runner = build_runner(cfg)
    from mmengine.dist import broadcast_object_list, is_main_process

    from ltcl.analysis.robustness import load_results
    from ltcl.checkpoints.class_names import trained_classes
    from ltcl.checkpoints.schemes import load_checkpoint
    from ltcl.engine.class_agreement import real_names
    from ltcl.evaluation.functional import CORRUPTIONS

    unknown = sorted(set(args.corruptions or ()) - set(CORRUPTIONS))
    if unknown:
        raise UserError(f'--corruptions {unknown[0]}: the 15 are {", ".join(CORRUPTIONS)}')
    images = dict(pipeline=cfg.test_dataloader.dataset.pipeline, color=color_of(cfg))
    # Serialising is for worker processes; it costs a second a set.
    common = dict(**images, serialize_data=cfg.test_dataloader.get('num_workers', 0) > 0)
    corruptions = args.corruptions or list(CORRUPTIONS)
    names = real_names(trained_classes(load_checkpoint(args.checkpoint), args.checkpoint))
    parts = plan(folders, corruptions, common, names)
    num_classes = cfg.model.head.get('num_classes')
    about = dict(
        checkpoint=sha256(Path(args.checkpoint).read_bytes()).hexdigest(),
        config=sha256(f'{cfg.model}{cfg.get("data_preprocessor")}{images}'.encode()).hexdigest(),
        num_classes=num_classes,
    )
    path = Path(cfg.work_dir, f'robustness_{Path(args.checkpoint).stem}.json')
    # Every process must go on from the same results: the main one's, which writes them.
    shared: list[Any] = [load_results(path, about) if is_main_process() else None]
    broadcast_object_list(shared)
    results = shared[0]
    # An earlier clean error counts, so it has to be of the same test set.
    known = [Part('clean', None), *parts] if 'clean' in results.sets else parts
    for _, (part, *_) in itertools.groupby(known, lambda part: part.name):
        results.begin(part.name, folders.get(part.name), *look_at(cfg, part, names))
    runner.load_or_resume()
    console = Console(quiet=not is_main_process())
    for line in run_all(runner, parts, results, path, names):
        console.print(markup(line), highlight=False, soft_wrap=True)
    if is_main_process():
        results.save(path)
    console.print(*results.tables(), sep='\n')
    console.print(markup(f'Figures in {path} and {path.with_suffix(".csv").name}'), soft_wrap=True)
