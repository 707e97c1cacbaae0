"""Several runs side by side."""

import ast
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev

from markupsafe import Markup

from ltcl.analysis.run_report import how_tested, split_of
from ltcl.errors import UserError
from ltcl.neutral_text import shorten, visible

from .charts import bunch, curves
from .class_rows import ClassRow, are_counts_known
from .run_files import RunFiles

FIGURES = {
    'all': 'all images',
    'mIoU': 'mean IoU',
    'macro': 'macro (mean over classes)',
    'many': 'many-shot classes',
    'medium': 'medium-shot classes',
    'few': 'few-shot classes',
    'worst_class': 'worst class',
}
NO_NAMES = ('', 'config', 'test_config.json')
"""Files that every run of a folder of images has, and every test of a run."""
NUMBER = re.compile(r'\d+')


@dataclass(frozen=True)
class Method:
    """Runs that differ in nothing but their seed, or the seed of what they began with.

    Attributes:
        name: Name of the method, safe to show.
        runs: The runs.
        rows: Their classes, largest first.
    """

    name: str
    runs: list[RunFiles]
    rows: list[list[ClassRow]]


def methods_of(runs: Sequence[RunFiles], rows: Sequence[list[ClassRow]]) -> list[Method]:
    """Put runs together whose data and tests are the same, and whose configs are but for seed and folders.

    Runs that began with other weights stand apart; where the paths of the weights differ in numbers alone, they are
    taken for those of other seeds.

    Raises:
        UserError: Some segment and some classify.
    """
    if len({run.report['score'] for run in runs}) > 1:
        raise UserError('some runs segment and some classify, so no figure of theirs can be compared: name runs of one')
    found: dict[str, Method] = {}
    for run, classes in zip(runs, rows, strict=True):
        method = found.setdefault(_key(run), Method(_name(run), [], []))
        method.runs.append(run)
        method.rows.append(classes)
    methods, names = list(found.values()), [method.name for method in found.values()]
    return [
        method if names.count(method.name) == 1 else Method(_folder(method.runs[0]), method.runs, method.rows)
        for method in methods
    ]


def _key(run: RunFiles) -> str:
    report = run.training or run.report
    lines = report.get('config', '').splitlines()
    words = ('seed', 'work_dir', 'load_from', 'resume')
    kept = [each for each in lines if not each.strip().startswith(words) and 'randomness' not in each]
    start = _start(lines, run.folder)
    about = (run.report['unit'], how_tested(run.report), repr(run.data), start)
    return '\n'.join([*about, *kept]) if kept else str(run.folder)


def _start(lines: Sequence[str], folder: Path) -> str:
    """The weights that a run began with, without numbers: each seed may have its own, in or beside its folder.

    Nothing of a run that was resumed from a named checkpoint: its config tells that one, not what it began with.
    """
    if 'resume = True' in lines:
        return ''
    line = next((each for each in lines if each.startswith('load_from')), '')
    try:
        path = Path(ast.literal_eval(line.partition('=')[2].strip())).absolute()
    except (SyntaxError, ValueError, TypeError):
        return ''
    folder = folder.absolute()
    is_near = path.is_relative_to(folder.parent)
    return NUMBER.sub('0', os.path.relpath(path, folder) if is_near else str(path))


def _name(run: RunFiles) -> str:
    name = (run.training or run.report).get('config_file')
    stem = name.rpartition('/')[2].removesuffix('.py') if name else ''
    return visible(stem, width=50) if stem not in NO_NAMES else _folder(run)


def _folder(run: RunFiles) -> str:
    parts = run.folder.absolute().parts[-2:]
    return visible('/'.join(parts if parts[-1].startswith('seed') else parts[-1:]), width=50)


def headline(method: Method) -> list[tuple[str, str, str]]:
    """Title, mean and sample standard deviation over the runs of each figure."""
    found = []
    for name, title in FIGURES.items():
        values = [run.metrics[name] for run in method.runs if name in run.metrics]
        if len(values) == len(method.runs):
            spread = f'± {stdev(values):.2f}' if len(values) > 1 else ''
            found.append((title, f'{mean(values):.2f}', spread))
    return found


def differences(runs: Sequence[RunFiles], rows: Sequence[list[ClassRow]]) -> list[str]:
    """What makes a comparison of runs unfair, in sentences."""
    found = []
    if len({frozenset(row.name for row in classes) for classes in rows}) > 1:
        found.append('The runs have different classes: figures over all of them are of different tasks.')
    elif len({frozenset((row.name, row.train) for row in classes) for classes in rows}) > 1:
        found.append('The runs have different numbers of training images in a class.')
    elif _differ(runs, 'train'):
        found.append('The runs were trained on different images.')
    if len({split_of(run.report) == 'val' for run in runs}) > 1:
        found.append('Some runs are measured on test images, others on validation images.')
    elif _differ(runs, 'measured'):
        found.append('The runs are measured on different images.')
    lengths: dict[str, list[str]] = {}
    for run in runs:
        if length := run.length:
            lengths.setdefault(length, []).append(_folder(run))
    if len(lengths) > 1:
        told = '; '.join(f'{length} ({shorten(names)})' for length, names in lengths.items())
        found.append(f'The runs were measured after different lengths of training: {told}.')
    ways = sorted({how_tested(run.report) for run in runs})
    if len(ways) > 1:
        found.append(f'The runs are tested in different ways: {"; ".join(way or "without options" for way in ways)}.')
    return found


def _differ(runs: Sequence[RunFiles], part: str) -> bool:
    return len({run.data[part] for run in runs if part in run.data}) > 1


def have_same_classes(methods: Sequence[Method]) -> bool:
    """Whether all runs are of the same classes with the same training images, which are known."""
    is_known = all(are_counts_known(rows) for method in methods for rows in method.rows)
    return (
        is_known
        and len({tuple((row.name, row.train) for row in rows) for method in methods for rows in method.rows}) == 1
    )


def compared_tails(methods: Sequence[Method], score: str) -> Markup:
    """The score of each method along the tail: the mean of at most 20 parts of the classes, from large to small."""
    series: dict[str, list[tuple[float, float]]] = {}
    for method in methods:
        points = []
        for start, stop in bunch(len(method.rows[0]), 20):
            recalls = [row.figures['recall'] for rows in method.rows for row in rows[start:stop]]
            values = [value for value in recalls if value is not None]
            if values:
                points.append(((start + 1 + stop) / 2, mean(values)))
        if points:
            series[method.name] = points
    return curves(series, f'{score} (%), classes from large to small', 'class', percent=True) if series else Markup('')
