"""The classes of a run in the order of their training images, with everything that is known of each."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ltcl.analysis.run_report import GROUPS
from ltcl.neutral_text import visible
from ltcl.predictions.intervals import wilson_interval
from ltcl.predictions.saved_scenes import SavedScenes

from .class_figures import Answers, class_figures
from .confusions import Confusions
from .run_files import RunFiles
from .scene_figures import images_shown, scene_confusions, scene_figures

MAX_NAME = 60
FIGURES = ('recall', 'low', 'high', 'accuracy', 'precision', 'f1', 'auroc', 'confidence')


@dataclass
class ClassRow:
    """A class. Figures are percentages, None where they are not known.

    Attributes:
        index: Its label.
        name: Its name, safe to show; it is not escaped for HTML.
        group: ``many``, ``medium`` or ``few``; empty where the training images are not known.
        train: Training images; None where they are not known.
        test: Images that it was measured on.
        figures: By the names in ``FIGURES``; ``recall`` is the score, which of a segmentation is the IoU, and
            ``accuracy`` is then the share of its pixels that are right.
        given: How often it was the answer; None without saved predictions.
        confusion: Class that its images or pixels were most often taken for, how many of them, and their percentage.
    """

    index: int
    name: str
    group: str
    train: int | None
    test: int
    figures: dict[str, float | None]
    given: int | None = None
    confusion: tuple[str, int, float] | None = None


def class_rows(run: RunFiles) -> list[ClassRow]:
    """All classes, the one with most training images first; by label where those are not known."""
    rows = [_row(entry, run.report['score']) for entry in run.per_class]
    if run.answers is not None:
        _add_answers(rows, run, run.answers)
    if run.scenes is not None:
        _add_scenes(rows, run.scenes)
    return sorted(rows, key=lambda row: (-(row.train or 0), row.index))


def are_counts_known(rows: Sequence[ClassRow]) -> bool:
    """Whether the training images of the classes are known, by which they are ordered and grouped."""
    return all(row.train is not None for row in rows)


def group_of(count: int, bounds: tuple[int, int]) -> str:
    """Shot group of a class with so many training images."""
    return 'many' if count > bounds[1] else 'few' if count < bounds[0] else 'medium'


def groups_present(rows: list[ClassRow]) -> list[str]:
    """Shot groups that have a class with images."""
    return [group for group in GROUPS if any(row.group == group and row.test for row in rows)]


def shown_name(name: str, index: int) -> str:
    """A name that is safe to show and can be seen; of one that is blank the index."""
    return visible(name, width=MAX_NAME) if str(name).strip() else f'class {index}, of blank name'


def _row(entry: dict, score: str) -> ClassRow:
    total, recall = entry.get('test_count') or 0, entry.get(score)
    figures: dict[str, float | None] = dict.fromkeys(FIGURES)
    figures['recall'] = recall
    if score != 'accuracy':
        figures['accuracy'] = entry.get('accuracy')
    if recall is not None and total and score == 'accuracy':
        low, high = wilson_interval(np.array([recall / 100 * total]), np.array([total]))
        figures['low'], figures['high'] = 100 * low.item(), 100 * high.item()
    name = shown_name(entry['class_name'], entry['class_index'])
    return ClassRow(entry['class_index'], name, entry['group'] or '', entry['train_count'], total, figures)


def _add_answers(rows: list[ClassRow], run: RunFiles, answers: Answers) -> None:
    if not rows:
        rows += _rows_of_predictions(run)
    for row in rows:
        row.test = int(answers.confusions.totals[row.index])
    _add_figures(rows, class_figures(answers), answers.confusions)


def _add_scenes(rows: list[ClassRow], scenes: SavedScenes) -> None:
    shown = images_shown(scenes)
    for row in rows:
        row.test = int(shown[row.index])
    _add_figures(rows, scene_figures(scenes), scene_confusions(scenes))


def _add_figures(rows: list[ClassRow], figures: dict[str, np.ndarray], confusions: Confusions) -> None:
    names = {row.index: row.name for row in rows}
    for row in rows:
        row.given = int(confusions.given[row.index])
        row.figures |= {name: _number(float(values[row.index])) for name, values in figures.items()}
        if row.index in confusions.most_frequent:
            other, number = confusions.most_frequent[row.index]
            row.confusion = names[other], number, 100 * number / int(confusions.totals[row.index])


def _rows_of_predictions(run: RunFiles) -> list[ClassRow]:
    assert run.saved is not None
    bounds = tuple(run.report['bounds'])
    counts = [None if count < 0 else count for count in run.saved.class_counts.tolist()]
    groups = ['' if count is None else group_of(count, bounds) for count in counts]
    return [
        ClassRow(index, shown_name(name, index), group, count, 0, dict.fromkeys(FIGURES))
        for index, (name, group, count) in enumerate(zip(run.saved.classes, groups, counts, strict=True))
    ]


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
