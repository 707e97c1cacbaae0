"""The answers of the last validation and of each test, kept for the page about the run."""

from collections.abc import Iterator
from pathlib import Path

from mmengine.runner import BaseLoop, Runner

from ltcl.evaluation import SavePredictions, ShotAccuracy
from ltcl.models.class_mix import frequency_power
from ltcl.report.run_files import PREDICTIONS_FILE

from .unwrapped import unwrapped

MOST_SCORES = 50_000_000
"""Scores that are kept unasked: 200 MB, 50,000 images of 1,000 classes."""


def keep_answers(runner: Runner, loop: BaseLoop, split: str) -> None:
    """Let a loop write ``predictions.npz`` into the work dir, unless it writes predictions anyway.

    Nothing is written of a segmentation, of a loop without a metric by shot group, or of very many scores.

    Args:
        runner: The runner, whose hooks have given the metrics their training counts.
        loop: Of validation or of test.
        split: ``'val'`` or ``'test'``.
    """
    metrics = loop.evaluator.metrics
    shot = next((metric for metric in metrics if isinstance(metric, ShotAccuracy)), None)
    if shot is None or predictions_of(loop) is not None:
        return
    if len(loop.dataloader.dataset) * (shot.num_test_classes() or 0) > MOST_SCORES:
        return
    metric = SavePredictions(
        str(Path(runner.work_dir, PREDICTIONS_FILE)), split, Path(runner.work_dir).name, is_asked=False
    )
    metric.dataset_meta = shot.dataset_meta
    if shot.class_counts is not None:
        metric.set_class_counts(shot.class_counts)
    sampler = (runner.cfg.get('train_dataloader') or {}).get('sampler')
    metric.set_frequency_power(frequency_power(getattr(unwrapped(runner.model), 'head', None), sampler))
    metrics.append(metric)


def predictions_of(loop: BaseLoop) -> str | None:
    """File that a loop writes predictions to; None if it writes none."""
    return next((metric.path for metric in _savers(loop)), None)


def forget(loop: BaseLoop) -> None:
    """Let a loop keep answers no longer, unless its config says so."""
    for metric in _savers(loop):
        if not metric.is_asked:
            loop.evaluator.metrics.remove(metric)


def _savers(loop: BaseLoop) -> Iterator[SavePredictions]:
    return (metric for metric in list(loop.evaluator.metrics) if isinstance(metric, SavePredictions))
