"""The table that a run prints at its end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..neutral_text import visible
from .run_report import GROUPS, group_rules, images_tested

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

MAX_NAME = 40
# Of a test: what the same scores say for other class mixes.
MIX_FIGURES = {'all_natural': 'all, for the natural class mix', 'macro_balanced': 'macro, for the balanced class mix'}


def print_report(report: dict, files: Sequence[Path], console: Console | None = None) -> None:
    """Print the table and where the files are.

    Args:
        report: From :func:`build_report`.
        files: What was written, all in one folder.
        console: Where to print; None: standard output, plain text if it is no terminal.
    """
    from rich.console import Console

    console = console or Console()
    if report['last'] is not None:
        console.print(_table(report))
        if report['best'] is not None:
            remark = f'The best {report["unit"]} is chosen on the images it is scored on: quote the last one.'
            console.print(remark, soft_wrap=True, highlight=False)
    if files:
        names = ', '.join(path.name for path in files)
        line = visible(f'Report in {files[0].parent}: {names}')
        console.print(line, soft_wrap=True, markup=False, highlight=False)


def _table(report: dict) -> Table:
    from rich.table import Table
    from rich.text import Text

    unit, last, best, score = report['unit'], report['last'], report['best'], report['score']
    # Each entry with the per-class column that belongs to it.
    entries = {unit if unit == 'test' else f'last {unit} ({last[unit]})': (last, score)}
    if best is not None:
        entries[f'best {unit} ({best[unit]})'] = (best, f'best_{score}')
    title = f'{score[0].upper() + score[1:]} (%) on {images_tested(report)}'
    table = Table(title=title, title_justify='left')
    table.add_column('')
    for title in entries:
        table.add_column(title, justify='right')
    for label, cells in _table_rows(report, list(entries.values())):
        table.add_row(Text(label), *map(Text, cells))
    return table


def _table_rows(report: dict, entries: list[tuple[dict, str]]) -> list[tuple[str, list[str]]]:
    prefix, per_class, overall = report['shot_prefix'], report['per_class'], report['overall']
    if not any(f'{prefix}/{overall}' in entry['metrics'] for entry, _ in entries):
        names = dict.fromkeys(name for entry, _ in entries for name in entry['metrics'])
        return [(name, [_cell(entry['metrics'].get(name)) for entry, _ in entries]) for name in names]

    rules = group_rules(report['bounds'], report['counted'])
    rows = [(overall, [_cell(entry['metrics'].get(f'{prefix}/{overall}')) for entry, _ in entries])]
    if any(extents := [entry['metrics'].get(f'{prefix}/{overall}_classes') for entry, _ in entries]):
        cells = ['' if extent is None else f'{extent:.0f} of {len(per_class)}' for extent in extents]
        rows.append((f'{overall} is over classes', cells))
    macro = [_cell(entry['metrics'].get(f'{prefix}/macro')) for entry, _ in entries]
    if any(macro):
        rows.append(('macro (mean over classes)', macro))
    for group in GROUPS:
        size = sum(row['group'] == group and row[report['score']] is not None for row in per_class)
        cells = [_cell(entry['metrics'].get(f'{prefix}/{group}')) for entry, _ in entries]
        if any(cells):
            rows.append((f'{group} ({rules[group]}, {size} class{"es" if size != 1 else ""})', cells))
    for name, title in MIX_FIGURES.items():
        cells = [_cell(entry['metrics'].get(f'{prefix}/{name}')) for entry, _ in entries]
        if any(cells):
            rows.append((title, cells))
    rows.append(('worst class', [_worst_cell(entry, column, report) for entry, column in entries]))
    return rows


def _cell(value: float | None) -> str:
    return '' if value is None else f'{value:.2f}'


def _worst_cell(entry: dict, column: str, report: dict) -> str:
    value = _cell(entry['metrics'].get(f'{report["shot_prefix"]}/worst_class'))
    tested = [row for row in report['per_class'] if row.get(column) is not None]
    worst = min(tested, key=lambda row: row[column], default=None)
    if worst is None:
        return value
    equals = sum(row[column] == worst[column] for row in tested)
    if equals > 1:
        return f'{equals} of {len(tested)} classes at {value}'
    return f'{visible(worst["class_name"], width=MAX_NAME)} {value}'
