"""What a training on a folder ends with: a table, and what to do with the model."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ltcl.files import write_atomic
from ltcl.neutral_text import visible

from .config_file import RESULT

# Figures of ltcl.ShotAccuracy, as the table calls them.
ROWS = {
    'all': 'all',
    'all_natural': 'all, natural class mix',
    'macro': 'macro',
    'macro_balanced': 'macro, balanced class mix',
    'many': 'many',
    'medium': 'medium',
    'few': 'few',
    'worst_class': 'worst class',
}
LONGEST_NAME = 24
ABOUT, ABOUT_MIX = 'macro is the mean over the classes', '; predict and test answer for another class mix with --prior'


@dataclass(frozen=True)
class Column:
    """Figures of one classifier, percent.

    Attributes:
        title: What it is.
        figures: By the keys of :data:`ROWS`.
        worst: Name of the worst class, of several the first.
        as_bad: How many others are answered as badly.
    """

    title: str
    figures: dict[str, float]
    worst: str
    as_bad: int = 0


@dataclass(frozen=True)
class Result:
    """What was measured.

    Attributes:
        measured_on: Which images, in words.
        columns: The trained model, and what it is compared with.
        checkpoint: The file that was measured.
    """

    measured_on: str
    columns: list[Column]
    checkpoint: str

    def save(self, work_dir: str) -> None:
        """Write it, for a person's scripts and the next start."""
        write_atomic(Path(work_dir, RESULT), json.dumps(asdict(self), indent=2) + '\n')

    @classmethod
    def read(cls, work_dir: str) -> 'Result | None':
        """That of an earlier training; None if there is none that can be read."""
        try:
            saved = json.loads(Path(work_dir, RESULT).read_text(encoding='utf-8'))
            columns = [Column(**column) for column in saved.pop('columns')]
            return cls(columns=columns, **saved)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None


def print_result(result: Result, work_dir: str, folder: str) -> None:
    """Print the table and the next commands.

    Args:
        result: What was measured.
        work_dir: Where the model is.
        folder: The images that it was trained on.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    table.add_column('')
    for column in result.columns:
        table.add_column(Text(visible(column.title)), justify='right')
    for key, title in ROWS.items():
        cells = [_cell(column, key) for column in result.columns]
        if any(cells):
            table.add_row(title, *map(Text, cells))
    console = Console()
    console.print()
    title = f'Accuracy (%) on {result.measured_on}'
    console.print(visible(title), soft_wrap=True, markup=False, highlight=False)
    console.print(table)
    knows_mix = 'all_natural' in result.columns[0].figures
    commands = [f'  {command}' for command in next_commands(work_dir, folder, knows_mix)]
    for line in [ABOUT + ABOUT_MIX * knows_mix, f'model: {result.checkpoint}', *_report(work_dir), 'next:', *commands]:
        console.print(visible(line), soft_wrap=True, markup=False, highlight=False)


def _report(work_dir: str) -> list[str]:
    """The line that names the page about the run, unless it could not be written."""
    from ltcl.report.page import PAGE_FILE

    page = Path(work_dir, PAGE_FILE)
    return [f'report: {page}'] if page.is_file() else []


def next_commands(work_dir: str, folder: str, knows_mix: bool = True) -> Sequence[str]:
    """What a person does with a trained model, as it can be pasted.

    Args:
        work_dir: Where it is.
        folder: The images that it was trained on.
        knows_mix: Whether it is known which class mix it answers for, so that it can be told another.
    """
    run = shlex.quote(work_dir)
    return (
        f'ltcl predict {run} {shlex.quote(folder)} --out predictions.csv',
        f'ltcl test {run} --prior natural' if knows_mix else f'ltcl calibrate {run}',
        f'ltcl export {run} --format onnx',
    )


def figures_of(metrics: Mapping[str, float]) -> dict[str, float]:
    """The figures of a test that the table shows."""
    found = {key: metrics.get(f'shot/{key}') for key in ROWS}
    return {key: round(float(value), 4) for key, value in found.items() if value is not None}


def _cell(column: Column, key: str) -> str:
    value = column.figures.get(key)
    if value is None:
        return ''
    return f'{_worst(column)}{value:.1f}' if key == 'worst_class' and column.worst else f'{value:.1f}'


def _worst(column: Column) -> str:
    others = f'and {column.as_bad} more ' if column.as_bad else ''
    return f'{visible(column.worst, width=LONGEST_NAME)} {others}'
