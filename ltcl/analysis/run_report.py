"""What is known of a finished run, as one dict: the content of ``metrics.json``."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from ltcl.neutral_text import visible

from .run_record import RunRecord, best_entry

METRICS_FILE = 'metrics.json'
GROUPS = ('many', 'medium', 'few')


def build_report(
    record: RunRecord,
    unit: str,
    best_by: str | None,
    shot_prefix: str,
    score: str,
    overall: str,
    bounds: tuple[int, int],
    counted: str = 'images',
    **about: Any,
) -> dict:
    """Everything that ``metrics.json`` holds. Scores are percentages.

    Args:
        record: What was measured.
        unit: What a validation is named by: ``epoch`` or ``iter``; ``test`` for the only entry of a test.
        best_by: Metric that decides which validation is the best; None for a test.
        shot_prefix: Prefix of the metric by shot group.
        score: What each class has, and its column: ``accuracy`` or ``IoU``.
        overall: Key of the figure over all classes, without prefix.
        bounds: Smallest and largest training count of a medium-shot class.
        counted: What the training counts are of, ``images`` or ``pixels``.
        about: Seed, commit, configuration and the like, written as they are.

    Returns:
        ``last`` and ``best`` (one entry of the history each, or None), ``per_class`` (one dict a class), ``history``,
        ``seconds``, when it was ``written`` and the rest.
    """
    last, best = (record.history[-1] if record.history else None), best_entry(record.history, best_by)
    columns: dict[str, Any] = dict(record.per_class or {})
    if columns and best is not None and best['iter'] == record.best_iter:
        columns[f'best_{score}'] = record.best_scores
    return {
        'run': record.run,
        'written': datetime.now().astimezone().isoformat(timespec='milliseconds'),
        'unit': unit,
        'last': last,
        'best': best,
        'best_by': best_by,
        'shot_prefix': shot_prefix,
        'score': score,
        'overall': overall,
        'bounds': list(bounds),
        'counted': counted,
        'seconds': {'training': round(record.training_seconds, 1), 'total': round(record.total_seconds, 1)},
        **about,
        'per_class': [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)],
        'history': record.history,
    }


def group_rules(bounds: Sequence[int], counted: str) -> dict[str, str]:
    """What makes a class many-, medium- or few-shot, in words.

    Args:
        bounds: Smallest and largest training count of a medium-shot class.
        counted: What the training counts are of, ``images`` or ``pixels``.
    """
    low, high = (f'{bound:,}' for bound in bounds)
    return {'many': f'> {high} {counted}', 'medium': f'{low}-{high} {counted}', 'few': f'< {low} {counted}'}


def images_tested(report: dict) -> str:
    """Which images the scores are of and how many, such as ``1,768 test images``, and :func:`how_tested`.

    Args:
        report: From :func:`build_report`.
    """
    images = ', '.join(filter(None, (images_of(split_of(report)), how_tested(report))))
    counts = [row['test_count'] for row in report['per_class'] if row.get('test_count') is not None]
    # The same image has many classes where pixels are counted.
    is_known = counts and report['counted'] == 'images'
    return f'{sum(counts):,} {images}' if is_known else f'the {images}'


def split_of(report: dict) -> str:
    """Which images the scores are of: ``'test'``, ``'val'`` or the name of another set.

    Args:
        report: From :func:`build_report`; those of an older ltcl do not say it of a test.
    """
    return report.get('split', 'test') if report['unit'] == 'test' else 'val'


def how_tested(report: dict) -> str:
    """What a test had otherwise than one without options, such as ``for the class mix natural``; empty if nothing.

    Args:
        report: From :func:`build_report`; those of an older ltcl do not say it.
    """
    prior = report.get('prior') or report.get('calibrated_prior')
    mix = f'for the class mix {visible(prior, width=60)}' if prior else ''
    return ', '.join(filter(None, (mix, 'with --tta' if report.get('tta') else '')))


def images_of(split: str) -> str:
    """A split in words, such as ``test images``."""
    known = {'test': 'test images', 'val': 'validation images'}
    return known.get(split) or f'images of {visible(Path(split).name, width=40)}'
