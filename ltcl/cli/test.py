"""Test a run: a checkpoint by itself or with a config, on the test set of its training or the images in a folder.

RUN [DATA] is a work dir, of which the best checkpoint is taken, or a checkpoint that carries its config. Several pairs
of config and checkpoint are tested as an ensemble, which sums their logits: test set and metrics are those of the first
config, and --cfg-options change that one only.

examples:
  ltcl test work_dirs/birds
  ltcl test work_dirs/birds data/other_birds --prior balanced
  ltcl test my_config.py work_dirs/my_config/epoch_100.pth --out predictions.npz
  ltcl test work_dirs/birds --split val --out val.npz
  ltcl test work_dirs/birds --reject stored
  ltcl test first.py first.pth second.py second.pth
  ltcl test my_config.py epoch_100.pth --processes 4
"""

import argparse
import shlex
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ltcl.analysis.tested_files import OWN_TEST
from ltcl.errors import UserError
from ltcl.files import why_unwritable
from ltcl.launch import apply_options, build_runner, load_config, run_options
from ltcl.launch.config_source import SUFFIXES
from ltcl.launch.config_values import bounds_of, fill_num_classes, images_of
from ltcl.launch.drawn_anew import warn_of_new_draw
from ltcl.launch.image_options import calibration_option, check_rejection, mix, rejection
from ltcl.launch.launcher import start_copies
from ltcl.launch.moved_images import is_own, refuse_gone, training_files
from ltcl.launch.run_config import config_of_run, name_of_images, require_checkpoint
from ltcl.launch.threads import set_threads
from ltcl.shipped import find_config
from ltcl.similar_paths import meant_path
from ltcl.work_dir import name_of_checkpoint, require_writable

from .parser import ArgumentParser, command

CHECKPOINT = '.pth'


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    run_options(parser)
    parser.add_argument('checkpoint', nargs='?', metavar='CHECKPOINT|DATA', help='checkpoint file; folder of images')
    parser.add_argument('others', nargs='*', metavar='CONFIG CHECKPOINT', help='further members of an ensemble')
    parser.add_argument(
        '--tta', action='store_true', help="average over the scales and flips of the config's tta_pipeline"
    )
    parser.add_argument(
        '--prior', type=mix, metavar='natural|balanced|estimate|FILE', help='class mix that is answered for'
    )
    parser.add_argument('--split', choices=['test', 'val'], default='test', help='images of the config to test on')
    parser.add_argument('--reject', type=rejection, metavar='P|stored', help='least probability of an answer')
    calibration_option(parser)
    parser.add_argument('--out', metavar='FILE.npz', help='write scores of every image, or pixels of every scene')


def parse(parser: ArgumentParser) -> argparse.Namespace:
    """Read the words; a config alone is too few."""
    args = parser.parse_intermixed_args()
    if args.checkpoint is None and not is_run(args.config):
        if not find_config(args.config).is_file():
            hint = 'name a work dir or a checkpoint; a config needs a CHECKPOINT after it'
            parser.error(f'{args.config} does not exist: {meant_path(args.config, hint)}')
        parser.error(f'{args.config} is no run, a work dir or a checkpoint, and a config needs a CHECKPOINT after it')
    return args


def is_run(word: str) -> bool:
    """Whether a word names a run: a folder, or a file of another kind than configs."""
    return Path(word).is_dir() or Path(word).suffix == CHECKPOINT


def tests_run(args: argparse.Namespace) -> bool:
    """Whether the words are RUN or RUN DATA."""
    is_data = args.checkpoint is None or Path(args.checkpoint).suffix not in (*SUFFIXES, CHECKPOINT)
    return is_run(args.config) and is_data and not args.others


def find_members(args: argparse.Namespace) -> list[tuple[str, str]]:
    """The pairs of config and checkpoint, the first one to begin with.

    Raises:
        UserError: A config without a checkpoint, another word where a config stands, or a checkpoint that is no file.
    """
    words = [args.config, args.checkpoint, *args.others]
    if len(words) % 2:
        raise UserError(f'{words[-1]} stands alone: an ensemble takes pairs, CONFIG CHECKPOINT CONFIG CHECKPOINT ...')
    pairs = list(zip(words[::2], words[1::2], strict=True))
    for config, checkpoint in pairs:
        if find_config(config).suffix not in SUFFIXES:
            raise UserError(f'{config} stands where a config file is expected, {", ".join(SUFFIXES)}')
        require_checkpoint(checkpoint)
    return pairs


def read_config(args: argparse.Namespace, members: list[tuple[str, str]]) -> Config:
    """The config to build, command line included.

    Args:
        args: The command line.
        members: Pairs of config and checkpoint; none for a run.

    Raises:
        UserError: A config or an option does not exist, a config stands in a checkpoint's place, ``--out`` is no .npz
            file, or ``--tta`` or ``--prior`` does not go with it.
    """
    if args.out is not None and not args.out.endswith('.npz'):
        reason = (
            ': pickles, which can hold code, are no longer written' if args.out.endswith(('.pkl', '.pickle')) else ''
        )
        raise UserError(f'--out {args.out} must end in .npz{reason}')
    if not members:
        data = args.checkpoint
        cfg = config_of_run(args, args.config, data)
        if data is None:
            refuse_gone(cfg, args.config, f'ltcl test {shlex.quote(args.config)} DATA', args.split)
        return add_options(cfg, args, data=None if data is None or is_own(cfg, data) else data)
    first, *others = [load_config(config) for config, _ in members]
    for _, checkpoint in members:
        if Path(checkpoint).suffix in SUFFIXES:
            raise UserError(f'{checkpoint} stands where a checkpoint is expected: give CONFIG, then CHECKPOINT')
    if others and args.work_dir is None:
        args.work_dir = str(Path('work_dirs', f'{find_config(args.config).stem}_ensemble-of-{len(members)}'))
    cfg = add_options(apply_options(first, args), args, len(members))
    if not others:
        cfg.load_from = args.checkpoint
        return cfg
    from ltcl.engine.ensemble import ensemble_config  # only now: a mistyped word is answered before torch is loaded

    for other, (_, checkpoint) in zip(others, members[1:], strict=True):
        fill_num_classes(other, checkpoint)
    return ensemble_config([cfg, *others])


def add_options(cfg: Config, args: argparse.Namespace, num_members: int = 1, data: str | None = None) -> Config:
    """The config with what ``--split``, ``--out``, ``--tta``, ``--prior``, ``--reject`` and ``--uncalibrated`` add."""
    check_rejection(args.reject, args.prior, args.uncalibrated)
    if args.split == 'val':
        test_on_validation(cfg, data)
    split = args.split if data is None else name_of_images(data)
    report = (cfg.get('default_hooks') or {}).get('run_report')
    if report and split != 'test':
        report.tested = split
    if args.out is not None:
        save_answers(cfg, args, split)
    if args.tta:
        augment_test(cfg, num_members)
    is_classifier = num_members == 1 and cfg.get('default_scope') == 'mmpretrain'
    named = [name for name in ('prior', 'reject') if getattr(args, name) is not None]
    if named and not is_classifier:
        raise UserError(f'--{named[0]} is for one classifier of images: leave it out for an ensemble or a segmentation')
    if is_classifier:  # without a prior it reports both mixes beside the figures
        hook = dict(type='ltcl.PriorHook', prior=args.prior, calibrated=not args.uncalibrated)
        cfg.setdefault('default_hooks', {})['prior'] = hook
    if args.reject is not None:
        metric = dict(type='ltcl.AnsweredAccuracy', reject=args.reject)
        if (bounds := bounds_of(cfg)) is not None:
            metric['bounds'] = bounds
        add_metric(cfg, metric)
    return cfg


def add_metric(cfg: Config, metric: dict) -> None:
    """Put a metric beside those of the test."""
    cfg.test_evaluator = [*evaluators_of(cfg), metric]


def evaluators_of(cfg: Config) -> list[dict]:
    """The metrics of the test, which a config may name in a list or alone."""
    given = cfg.test_evaluator
    return [*given] if isinstance(given, list | tuple) else [given]


def test_on_validation(cfg: Config, data: str | None) -> None:
    """Put the validation images in the place of the test images.

    Raises:
        UserError: There are none, or a folder of other images is named.
    """
    if data is not None:
        raise UserError(f'--split val names the validation images of the training, and {data} others: omit one of them')
    if cfg.get('val_dataloader') is None:
        raise UserError('--split val: the config has no val_dataloader; omit it to test on the test images')
    cfg.test_dataloader = cfg.val_dataloader
    cfg.test_evaluator = cfg.get('val_evaluator') or cfg.test_evaluator


def save_answers(cfg: Config, args: argparse.Namespace, split: str) -> None:
    """Add what writes ``--out``.

    Raises:
        UserError: The file cannot be written.
    """
    if reason := why_unwritable(args.out):
        raise UserError(f'--out {args.out} cannot be written ({reason}): name another place')
    about = dict(path=args.out, split=split, checkpoint=name_of_checkpoint(args.checkpoint))
    metric: dict = dict(type='ltcl.SavePredictions', **about)
    if cfg.get('default_scope') == 'mmseg':
        metric.update(type='ltcl.SaveScenes', ignore_index=evaluators_of(cfg)[0].get('ignore_index', 255))
    add_metric(cfg, metric)


def augment_test(cfg: Config, num_members: int = 1) -> None:
    """Test every image as the config's ``tta_pipeline`` makes it, merged by its ``tta_model``.

    Args:
        cfg: The config, changed in place.
        num_members: Checkpoints to test.

    Raises:
        UserError: The config has no such test, or there are several checkpoints.
    """
    missing = [key for key in ('tta_pipeline', 'tta_model') if cfg.get(key) is None]
    if missing:
        raise UserError(f'--tta: {cfg.filename} has no {" and no ".join(missing)}; test it without --tta')
    if num_members > 1:
        raise UserError('--tta tests one checkpoint: leave it out for an ensemble')
    cfg.test_dataloader.dataset = images_of(cfg.test_dataloader.dataset)
    cfg.test_dataloader.dataset.pipeline = cfg.tta_pipeline
    cfg.model = dict(**cfg.tta_model, module=cfg.model)


def warn_of_training_images(cfg: Config, dataset: Any, data: str) -> None:
    """Say how many images of a folder the model was trained on."""
    from ltcl.datasets.same_files import is_among
    from ltcl.notices import warn

    paths = [str(dataset.get_data_info(index).get('img_path')) for index in range(len(dataset))]
    known = is_among(paths, training_files(cfg))
    if known.any():
        first = paths[int(known.argmax())]
        warn(
            f'{known.sum():,} of the {len(paths):,} images of {data} are training images of this run, such as '
            f'{first}: figures on them say little'
        )


@command(options, parse=parse)
def main(args: argparse.Namespace) -> None:
    """Build the config, load the checkpoints and test them."""
    start_copies(args)
    members = [] if tests_run(args) else find_members(args)
    data = None if members else args.checkpoint
    cfg = read_config(args, members)
    require_writable(cfg.work_dir)
    set_threads(args.threads)
    runner = build_runner(cfg)
    if len(members) > 1:
        from ltcl.engine.ensemble import load_members

        load_members(runner, [checkpoint for _, checkpoint in members])
    if data is not None and not is_own(cfg, data):
        warn_of_training_images(cfg, runner.test_dataloader.dataset, data)
    elif not members:
        warn_of_new_draw(runner.test_dataloader.dataset, cfg.load_from, args.config)
    for _, checkpoint in members:
        warn_of_new_draw(runner.test_dataloader.dataset, checkpoint, checkpoint, is_sure=False)
    if args.out is not None:
        from ltcl.engine.kept_answers import split_under_test, tell_split

        tell_split(runner.test_loop, split_under_test(runner.test_loop, OWN_TEST))
    runner.test()
