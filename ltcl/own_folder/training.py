"""`ltcl train DATA`: look, choose, say, write, train, measure, compare, and tell what is next."""

import argparse
import gc
import logging
import shlex
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config

from ltcl.checkpoints.finding import run_files
from ltcl.datasets.one_look import one_look
from ltcl.engine.hooks.run_report_hook import RunReportHook
from ltcl.errors import UserError
from ltcl.launch import build_runner, load_config
from ltcl.launch.backbone_option import image_size_of
from ltcl.launch.compile_option import check_compile, set_compile
from ltcl.launch.start_options import resume_from, set_precision
from ltcl.launch.threads import set_threads, watch_threads
from ltcl.launch.tracking import add_trackers
from ltcl.launch.tuning.thawed import is_frozen
from ltcl.neutral_text import visible
from ltcl.work_dir import AUTO, locked, require_writable

from . import two_stages
from .choosing import choose_config, fit_to_images, options_of, set_groups
from .config_file import NAME, is_same, work_dir_of, write_config, written
from .damaged import refuse_damaged
from .found import Found, look
from .going_on import config_from_run, new_classes, warn_of_trained_images
from .measuring import check_measured, measure
from .methods import DEFAULT, METHODS, title_of
from .quietly import quiet, show_less
from .result import Result, print_result
from .resumed import check_resumed
from .timing import expected_minutes


def train_on_folder(args: argparse.Namespace) -> None:
    """Train on a folder of images.

    Args:
        args: The command line.

    Raises:
        UserError: The folder has no images in a form that is known, or an option does not go with it.
    """
    args.work_dir = work_dir_of(args)
    require_writable(args.work_dir)
    args.most_threads = set_threads(args.threads, says_all=True)
    if _is_scene_folder(args.config):
        from .scenes import train_on_scenes

        if args.groups:
            raise UserError('--groups is for classes of images, and these have masks: leave it out')
        train_on_scenes(args)
        return
    if args.no_test:
        raise UserError('--no-test is for a config or for scenes: the table of a folder of images is its test')
    gc.freeze()  # each data set collects garbage, and would walk through all that the imports made
    with one_look():
        _train_on_images(args)


def _train_on_images(args: argparse.Namespace) -> None:
    cfg = config_from_run(args) if args.start_from else choose_config(args)
    reasons: list[str] = []
    if two_stages.has_two_stages(args):
        words = two_stages.encoder_words(args)
        _train_encoder(cfg, words)
        checkpoint = two_stages.last_checkpoint(cfg, words.work_dir)
        args, first = two_stages.classifier_words(args), cfg
        cfg = two_stages.classifier_config(first, args, options_of(args), checkpoint)
        reasons = two_stages.choose_rate(cfg, args, first, checkpoint)
    _train_and_measure(cfg, args, reasons)


def _train_encoder(cfg: Config, args: argparse.Namespace) -> None:
    """The first of two trainings, unless it is finished; it ends with a checkpoint, not with a table."""
    print(f'first of two trainings, of the encoder, in {visible(args.work_dir)}')
    found, text = _look_and_choose(cfg, args)
    if args.dry_run:
        write_config(args, text)
    else:
        with locked(args.work_dir):
            if is_same(Path(args.work_dir, NAME), text) and two_stages.last_checkpoint(cfg, args.work_dir).is_file():
                print('it is finished')
            else:
                _begin_or_go_on(cfg, args, found, text)
    print('second of two trainings, of a linear classifier on the encoder')


def _look_and_choose(cfg: Config, args: argparse.Namespace, reasons: Sequence[str] = ()) -> tuple[Found, str]:
    """Say what is found and what is chosen by it; the images, and the text of the config.

    Args:
        cfg: The config, changed in place.
        args: The command line.
        reasons: Lines on what was chosen before.
    """
    set_precision(cfg, args.amp)
    set_compile(cfg, args.compile)
    check_compile(cfg)
    set_groups(cfg, args.groups)
    add_trackers(cfg, args.track, args.work_dir)
    with quiet():
        found = look(cfg)
    if not found.is_drawn:
        _refuse_draw(args)
    two_stages.limit_neighbours(cfg, sum(found.counts), args.cfg_options)
    chosen = [*_chosen(cfg, found, args), *reasons]
    print(*found.lines(args.config, cfg.val_share), *chosen, sep='\n', flush=True)
    if args.start_from:
        warn_of_trained_images(args, cfg, found)
    # However the folder is spelled, with a slash at its end or not, the training is the same.
    lines = found.lines(str(Path(args.config).absolute()), cfg.val_share)
    refuse_damaged(cfg, args.work_dir)
    return found, written(cfg, [*lines, *chosen], found.fingerprint)


def _refuse_draw(args: argparse.Namespace) -> None:
    """Refuse options of a draw where there is none."""
    options = {'--groups': args.groups, '--val-share': args.val_share}
    options |= {f'--cfg-options {key}': key in args.cfg_options for key in two_stages.SHARED}
    for option in (name for name, is_given in options.items() if is_given):
        raise UserError(f'{option}: {args.config} has a part for validation, so nothing is drawn: leave it out')


def _train_and_measure(cfg: Config, args: argparse.Namespace, reasons: Sequence[str]) -> None:
    """Train a classifier, unless it is trained, and show what it is worth."""
    check_measured(cfg)
    found, text = _look_and_choose(cfg, args, reasons)
    if args.dry_run and two_stages.has_two_stages(args):
        write_config(args, text)
        return
    if args.dry_run:
        print(expected_minutes(cfg, sum(found.counts), found.validation))
        write_config(args, text)
        return
    with locked(args.work_dir):
        result = _earlier_result(args, text)
        if result is None:
            _begin_or_go_on(cfg, args, found, text)
            _refuse_finished(args)
            with quiet(logging.WARNING):
                result = measure(args.work_dir, _title(cfg, args), _measured_on(args, found))
            result.save(args.work_dir)
    print_result(result, args.work_dir, args.config)


def _refuse_finished(args: argparse.Namespace) -> None:
    """Refuse to measure a run in a work dir of its own where nothing was left to train.

    Raises:
        UserError: The work dir has no checkpoint, since the resumed run was at its end.
    """
    if args.resume not in (None, AUTO) and not run_files(args.work_dir):
        raise UserError(
            f'--resume {args.resume} has reached its end, so nothing is trained into {args.work_dir}: raise --epochs, '
            f'or see its figures by `ltcl test {shlex.quote(args.resume)}`'
        )


def _chosen(cfg: Config, found: Found, args: argparse.Namespace) -> list[str]:
    """Choose what depends on the images; all that was chosen, in lines."""
    lines = fit_to_images(cfg, found.counts, args)
    start = f'the model of {args.start_from}' if args.start_from else f'method {_method(args)}'
    if args.start_from:
        new = new_classes(cfg, found.classes)
        start += f', new classes: {", ".join(new)}' if new else ', no new classes'
    return [f'{start}: {_trained(cfg, args)}', _encoder(cfg, args), *lines]


def _encoder(cfg: Config, args: argparse.Namespace) -> str:
    """Backbone, how much of it is trained, and size of the images."""
    backbone = cfg.model.backbone.get('encoder') or cfg.model.backbone
    name = backbone.get('model_name') or f'{backbone.type} {backbone.get("depth", "")}'.strip()
    how = 'frozen' if is_frozen(cfg) else ' '.join(args.tune or ['from random weights' if args.scratch else 'trained'])
    return f'network {name}, {how}, images of {image_size_of(cfg)} px'


def _title(cfg: Config, args: argparse.Namespace) -> str:
    """What the classifier is called in the table."""
    return METHODS[_method(args)].in_table if two_stages.has_two_stages(args) else _trained(cfg, args)


def _trained(cfg: Config, args: argparse.Namespace) -> str:
    """What is trained, as its model tells, or what stands in the place of a training."""
    method = METHODS[_method(args)]
    return title_of(cfg.model) if method.is_trained or args.start_from else method.title


def _method(args: argparse.Namespace) -> str:
    return args.method or DEFAULT


def _measured_on(args: argparse.Namespace, found: Found) -> str:
    if found.test is not None:
        return f'the {found.test:,} test images of {args.config}'
    chose = ', which chose the best epoch as well' if METHODS[_method(args)].is_trained else ''
    return f'the {found.validation:,} validation images of {args.config}{chose}'


def _earlier_result(args: argparse.Namespace, text: str) -> Result | None:
    """The result of a training of the same config, if it is finished and none is asked to go on."""
    if args.resume is not None or not is_same(Path(args.work_dir, NAME), text):
        return None
    result = Result.read(args.work_dir)
    if result is not None:
        print(
            f'{visible(args.work_dir)} has a finished training of this very config on these images: here is its '
            'result; another --work-dir or --seed trains anew'
        )
    return result


def _goes_on(args: argparse.Namespace, text: str) -> bool:
    """Whether the work dir holds the beginning of this training, or one that is to be resumed."""
    if args.resume is None and is_same(Path(args.work_dir, NAME), text) and run_files(args.work_dir):
        print(f'{visible(args.work_dir)} has the beginning of this training: it goes on from there')
        args.resume = AUTO
    return args.resume is not None


def _begin_or_go_on(cfg: Config, args: argparse.Namespace, found: Found, text: str) -> None:
    if not _goes_on(args, text):
        print(expected_minutes(cfg, sum(found.counts), found.validation), flush=True)
    _train(args, text)


def _train(args: argparse.Namespace, text: str) -> None:
    """Train the written config, so that what is written is what is trained."""
    if args.resume is not None:
        check_resumed(args, text)
    path = write_config(args, text)
    cfg = load_config(path)
    cfg.work_dir, cfg.launcher = args.work_dir, 'none'
    resume_from(cfg, args.resume, args.work_dir)
    runner = build_runner(cfg, training=True)
    show_less(runner.logger)
    for hook in runner.hooks:
        if isinstance(hook, RunReportHook):
            hook.with_table = False
    watch_threads(runner, args.most_threads)
    runner.train()


def _is_scene_folder(folder: str) -> bool:
    """Whether the folder has images and masks."""
    try:
        from ltcl.own_scenes import is_scene_folder
    except ModuleNotFoundError:
        return False
    return is_scene_folder(folder)
