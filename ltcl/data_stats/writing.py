"""What was found, written where ``--out`` says, or shown."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ltcl.errors import UserError
from ltcl.files import write_atomic
from ltcl.neutral_text import visible

from .page import Page, render

PAGE_FILE = 'stats.html'
TABLES = ('classes.csv', 'copies.csv', 'damaged.csv', 'doubtful.csv', 'masks.csv')
"""All that there may be beside the page."""


def write(out: Path, tables: dict[str, str], page: Callable[[], Page], make: Callable[[Any], str | None]) -> None:
    """Write page and tables, and say where they are; tables of an earlier look that has its page there go.

    Args:
        out: A folder for all of them; or the file of the page, or of the first table.
        tables: CSV files by name.
        page: Makes what the page shows.
        make: Makes its pictures, see :func:`~.page.render`.

    Raises:
        UserError: The place cannot be written.
    """
    try:
        if out.suffix == '.csv' and not out.is_dir():
            write_atomic(out, next(iter(tables.values())))
            return
        is_page = out.suffix == '.html' and not out.is_dir()
        if not is_page:
            out.mkdir(parents=True, exist_ok=True)
            if (out / PAGE_FILE).is_file():
                for name in set(TABLES) - tables.keys():
                    (out / name).unlink(missing_ok=True)
            for name, content in tables.items():
                write_atomic(out / name, content)
        place = out if is_page else out / PAGE_FILE
        write_atomic(place, render(page(), make))
    except OSError as error:
        raise UserError(f'{out} cannot be written ({error.strerror or error}): name another place') from error
    print(f'\npage: {visible(place)}' + ('' if is_page else f'; beside it {", ".join(tables)}'))


def tell(lines: list[str], verdict: list[str]) -> None:
    """Print what was found, and what follows."""
    print(*map(visible, lines), sep='\n')
    print('\nverdict:')
    for line in verdict:
        print(f'- {visible(line)}')


def tell_classes(header: list[str], rows: list[list[Any]]) -> None:
    """Print the classes: of many the first and the last ones."""
    head, tail = (rows, []) if len(rows) <= 40 else (rows[:20], rows[-20:])
    for each in [header, *head, *([['...']] if tail else []), *tail]:
        print(f'{visible(each[0], width=40):40}', *(f'{cell!s:>9}' for cell in each[1:]))
