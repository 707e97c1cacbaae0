"""The answers of a run, as it is, for its validation and its test images."""

import argparse
import shlex
import tempfile
from collections.abc import Sequence
from typing import Any, NamedTuple

from mmengine.config import Config

from ltcl.datasets.same_files import is_among
from ltcl.engine.unwrapped import unwrapped
from ltcl.errors import UserError
from ltcl.evaluation.functional.shot import DEFAULT_BOUNDS
from ltcl.inference.runs import SCOPE, classifies
from ltcl.launch import build_runner
from ltcl.launch.config_values import OWN_IMAGES, bounds_of, images_of
from ltcl.launch.drawn_anew import is_drawn_anew
from ltcl.launch.final_test import has_own_test
from ltcl.launch.moved_images import build_images, is_gone, is_own, refuse_gone, training_files
from ltcl.launch.run_config import config_of_run, name_of_images
from ltcl.notices import warn
from ltcl.predictions import SavedPredictions, load_predictions
from ltcl.predictions.adjusting import halves
from ltcl.predictions.same_images import are_of_same_images
from ltcl.work_dir import name_of_checkpoint

from .calibrating import some

OTHERS = 'name a folder of other images in class folders, `ltcl calibrate {} DATA`'


class Answers(NamedTuple):
    """What a calibration is fitted on and checked with.

    Args:
        val: Answers of the model as it is, for the images to fit on.
        test: For those of the check; None: there are none.
        check: What those are called.
        bounds: Smallest and largest training count of a medium-shot class, as in the test of the run.
    """

    val: SavedPredictions
    test: SavedPredictions | None
    check: str
    bounds: tuple[int, int]


def collect(run: str, data: str | None = None, in_halves: bool = False) -> Answers:
    """The answers of a run for its validation and its test images.

    Args:
        run: A work dir or a checkpoint.
        data: Where the images of the training are now; or a folder of other images to fit on, in the place of the
            validation images, but for those among them that the model was trained on or that the check is made of.
        in_halves: Take one half of them to fit on, and the other half for the check.

    Raises:
        UserError: There is no checkpoint, no image to fit on, or the model is none that is calibrated.
    """
    cfg = config_under_test(run, data)
    if data is not None and is_own(cfg, data):  # moved, perhaps
        tested, data = config_under_test(run, data), None
    else:
        tested = config_under_test(run)
    bounds = bounds_of(tested) or DEFAULT_BOUNDS
    if data is None:
        refuse_gone(cfg, run, f'ltcl calibrate {shlex.quote(str(run))} DATA', 'val')
        use_validation(cfg, run, in_halves)
        val = answers_of(cfg, 'val')
    else:
        too_sure = 'training images of this run, {}, of which it is too sure'
        val = without(answers_of(cfg, name_of_images(data)), training_files(cfg), data, too_sure)
    if in_halves:
        half = halves(val.labels)
        return Answers(
            some(val, half == 0)._replace(split=f'half of {val.split}'), some(val, half == 1), 'rest', bounds
        )
    if is_gone(tested, 'test'):
        warn(f'the test images of {run} are not in their folder any more, so there is no check')
    if is_gone(tested, 'test') or not has_own_test(tested):
        return Answers(val, None, 'test', bounds)
    test = answers_of(tested, 'test')
    if are_of_same_images(test, val):
        return Answers(val, None, 'test', bounds)
    if data is not None:
        val = without(val, test.paths.tolist(), data, 'test images of this run, {}, which check what is fitted')
    return Answers(val, test, 'test', bounds)


def without(found: SavedPredictions, files: Sequence[str], data: str, why: str) -> SavedPredictions:
    """Answers for the images of a folder that are not among those of the run.

    Args:
        found: Answers for all images of the folder.
        files: Images of the run.
        data: The folder.
        why: What those are, with a place for the first one, and why they are left out.

    Raises:
        UserError: None is left.
    """
    known = is_among(found.paths.tolist(), files)
    if not known.any():
        return found
    why = why.format(f'such as {found.paths[known.argmax()]}')
    if known.all():
        raise UserError(
            f'all {len(known):,} images of {data} are {why}: name other images, or leave them out to fit on the '
            'validation images'
        )
    warn(f'{known.sum():,} of the {len(known):,} images of {data} are {why}: they are left out')
    return some(found, ~known)


def config_under_test(run: str, data: str | None = None) -> Config:
    """The config of a test of a run, on the images of a folder if one is named.

    Raises:
        UserError: There is no checkpoint, it carries no config, or it is one of segmentation.
    """
    words: dict[str, Any] = dict(checkpoint=None, work_dir=None, cfg_options={}, launcher='none', processes=None)
    cfg = config_of_run(argparse.Namespace(config=run, **words), run, data)
    if (cfg.get('default_scope') or SCOPE) != SCOPE or 'decode_head' in cfg.model:
        raise UserError(f'{cfg.load_from} is a checkpoint of segmentation: only classifiers of images are calibrated')
    return cfg


def use_validation(cfg: Config, run: str, in_halves: bool) -> None:
    """Put the validation images in the place of the test images.

    Args:
        cfg: Changed in place.
        run: The run, for messages.
        in_halves: Whether images that are those of the test as well will do.

    Raises:
        UserError: There are none, they are those of the test, or the model was trained on some of them.
    """
    others = OTHERS.format(shlex.quote(run))
    if cfg.get('val_dataloader') is None:
        raise UserError(f'{run} has no validation images, which a calibration is fitted on: {others}')
    if is_benchmark(cfg) and not in_halves:
        raise UserError(
            f'the validation images of {run} are its test images, and a test on images that were fitted would be none: '
            f'--halves fits on one half of them and checks on the other, or {others}'
        )
    if is_drawn_anew(build_images(images_of(cfg.val_dataloader.dataset), cfg.get('default_scope')), cfg.load_from):
        raise UserError(
            f'the validation images of {run} are drawn anew, since their folder has changed, and it was trained on '
            f'some of them: {others}'
        )
    cfg.test_dataloader = cfg.val_dataloader


def is_benchmark(cfg: Config) -> bool:
    """Whether validation and test have the same images, by the config; a folder without a test part has no test."""
    val, test = (cfg.get(f'{name}_dataloader') for name in ('val', 'test'))
    if val is None or test is None or images_of(val.dataset).get('type') == OWN_IMAGES:
        return False
    return images_of(val.dataset).to_dict() == images_of(test.dataset).to_dict()


def answers_of(cfg: Config, split: str) -> SavedPredictions:
    """Answers for the test images of a config, of the model without a calibration.

    Args:
        cfg: The config, changed in place.
        split: What the images are called.

    Raises:
        UserError: The model does not classify, or no image has a known class.
    """
    with tempfile.TemporaryDirectory() as folder:
        cfg.work_dir, cfg.log_level = folder, 'WARNING'
        file = f'{folder}/predictions.npz'
        about = dict(path=file, split=split, checkpoint=name_of_checkpoint(cfg.load_from))
        cfg.test_evaluator = [dict(type='ltcl.SavePredictions', **about)]
        cfg.setdefault('default_hooks', {})['prior'] = dict(type='ltcl.PriorHook', calibrated=False)
        cfg.default_hooks['run_report'] = None
        runner = build_runner(cfg)
        head = getattr(unwrapped(runner.model), 'head', None)
        if not classifies(head):
            raise UserError(
                f'{type(head).__name__} of {cfg.load_from} gives no image one class of all: only models that do are '
                'calibrated'
            )
        runner.test()
        found = load_predictions(file).labelled()
    if not len(found.labels):
        raise UserError(f'none of the {split} images has a known class, so nothing can be fitted')
    return found
