"""The answers of the last validation and of each test, kept for the page about the run."""

from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.runner import BaseLoop, Runner

from ltcl.analysis.tested_files import OWN_TEST
from ltcl.evaluation import SavePredictions, SaveScenes, ShotMetricMixin
from ltcl.models.class_mix import frequency_power

from .gathering import gather_by_messages
from .pictures_in_memory import write_wrong_images
from .run_logs import warn_only
from .unwrapped import unwrapped

MOST_SCORES = 50_000_000
"""Scores that are kept unasked: 200 MB, 50,000 images of 1,000 classes."""


def keep_answers(runner: Runner, loop: BaseLoop, split: str, checkpoint: str, file: str) -> None:
    """Let a loop write its answers into the work dir, unless it writes predictions anyway; those are told their split.

    Nothing is written of a loop without a metric by shot group, or of very many scores.

    Args:
        runner: The runner, whose hooks have given the metrics their training counts.
        loop: Of validation or of test.
        split: Which images they are of: ``'val'``, ``'test'`` or the name of another set.
        checkpoint: Name of the model: work dir and checkpoint.
        file: Name of the file.
    """
    tell_split(loop, split)
    shot = next((metric for metric in loop.evaluator.metrics if isinstance(metric, ShotMetricMixin)), None)
    if shot is None or _saver(loop) is not None:
        return
    about: dict[str, Any] = dict(split=split, checkpoint=checkpoint, is_asked=False)
    path = str(Path(runner.work_dir, file))
    metric: SavePredictions | SaveScenes
    if shot.score == 'IoU':
        metric = SaveScenes(path, ignore_index=getattr(shot, 'ignore_index', 255), **about)
    elif len(loop.dataloader.dataset) * (shot.num_test_classes() or 0) <= MOST_SCORES:
        metric = SavePredictions(path, **about)
        sampler = (runner.cfg.get('train_dataloader') or {}).get('sampler')
        head: Any = getattr(unwrapped(runner.model), 'head', None)  # an ensemble has none
        metric.set_frequency_power(frequency_power(head, sampler))
    else:
        return
    metric.dataset_meta = shot.dataset_meta
    if shot.class_counts is not None:
        metric.set_class_counts(shot.class_counts)
    gather_by_messages([metric])
    loop.evaluator.metrics.append(metric)


def tell_split(loop: BaseLoop, split: str) -> None:
    """Tell what writes predictions of test images which ones they are.

    Args:
        loop: Of validation or of test.
        split: As :func:`split_under_test` finds it.
    """
    saver = _saver(loop)
    if saver is not None and saver.split == OWN_TEST:
        saver.split = split


def split_under_test(loop: BaseLoop, tested: str) -> str:
    """Which images a test is of; ``'val'`` for a test set that has no others, such as :class:`ltcl.datasets.OwnImages`.

    Args:
        loop: Of the test.
        tested: ``'test'``, ``'val'`` or the name of another set.
    """
    only = getattr(loop.dataloader.dataset, 'measured_split', tested)
    return only if tested == OWN_TEST else tested


def take_answers(runner: Runner, loop: BaseLoop) -> Path | None:
    """Let a loop keep answers no longer, unless its config says so, and write the pictures that are in no file.

    Args:
        runner: The runner.
        loop: Of validation or of test, at its end.

    Returns:
        File of the answers; None if there is none.
    """
    saver = _saver(loop)
    if saver is None:
        return None
    if not saver.is_asked:
        loop.evaluator.metrics.remove(saver)
    path = Path(saver.path)
    if isinstance(saver, SavePredictions) and is_main_process() and path.is_file():
        with warn_only(runner, 'The pictures of the wrong images could not be written'):
            write_wrong_images(path, loop.dataloader.dataset, Path(runner.work_dir))
    return path if path.is_file() else None


def _saver(loop: BaseLoop) -> SavePredictions | SaveScenes | None:
    savers = (each for each in loop.evaluator.metrics if isinstance(each, SavePredictions | SaveScenes))
    return next(savers, None)
