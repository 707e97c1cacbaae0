"""All that saved predictions tell, as one dict and as files."""

import json
import math
from pathlib import Path

import numpy as np

from ltcl.evaluation.functional.shot import DEFAULT_BOUNDS
from ltcl.files import write_atomic
from ltcl.neutral_text import csv_text

from .figures import class_rows, overall_figures, report_of
from .saved import SavedPredictions
from .sweeps import sweeps

FILE, CLASSES_FILE = 'analysis.json', 'analysis_classes.csv'
MOST_IN_FULL = 1000
"""Classes of a confusion matrix that is written in full; that of 8,142 would be 66 million numbers, nearly all 0."""


def analyse(
    test: SavedPredictions, val: SavedPredictions | None = None, bounds: tuple[int, int] = DEFAULT_BOUNDS
) -> dict:
    """Figures of predictions; arguments as of :func:`~ltcl.predictions.sweeps.sweeps`.

    Returns:
        ``checkpoint`` and ``split``; ``overall``, of :func:`~ltcl.predictions.figures.overall_figures`; ``per_class``,
        of :func:`~ltcl.predictions.figures.class_rows`; ``confusion``, images of each true class by answer, of more
        than 1,000 classes as rows of true class, answer and images; ``sweeps``.
    """
    report = report_of(test)
    return {
        'checkpoint': test.checkpoint,
        'split': test.split,
        'bounds': list(bounds),
        'overall': overall_figures(test, report, bounds),
        'per_class': class_rows(test, report, bounds),
        'confusion': _confusion(report.confusion),
        'sweeps': sweeps(test, val, bounds),
    }


def _confusion(confusion: np.ndarray) -> list[list[int]]:
    if len(confusion) <= MOST_IN_FULL:
        return confusion.tolist()
    truths, answers = confusion.nonzero()
    return np.stack([truths, answers, confusion[truths, answers]], 1).tolist()


def write_analysis(analysis: dict, folder: Path) -> list[Path]:
    """Write ``analysis.json`` and the table of the classes.

    Args:
        analysis: Of :func:`analyse`.
        folder: Where they are written.

    Returns:
        The files.
    """
    record = {
        **analysis,
        'overall': {name: None if math.isnan(value) else value for name, value in analysis['overall'].items()},
        'sweeps': [sweep._asdict() for sweep in analysis['sweeps']],
    }
    rows = analysis['per_class']
    paths = [folder / FILE, folder / CLASSES_FILE]
    write_atomic(paths[0], json.dumps(record, indent=1, allow_nan=False) + '\n')
    write_atomic(paths[1], csv_text(list(rows[0]), [list(row.values()) for row in rows]))
    return paths
