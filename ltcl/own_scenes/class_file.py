"""The file that says which value or colour of the masks is which class."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from ..datasets.class_names import normal_name
from ..errors import UserError
from ..neutral_text import shorten
from .mask_facts import GREY

LABELMAP = 'labelmap.txt'
"""What CVAT writes: lines ``name:red,green,blue:parts:actions``."""
NAMES = ('classes.csv', 'class_dict.csv', '_classes.csv', LABELMAP)
# Names in such a file of what is no class.
VOID_NAMES = frozenset(('', 'void', 'ignore', 'ignored', 'unlabeled', 'unlabelled', 'dontcare', "don't care"))
NO_COLUMNS = 'it has lines "value,name" or "red,green,blue,name", and may have a heading'


def find_class_file(root: str, folders: Sequence[str] = ('',)) -> Path | None:
    """The file in the data root, or in a folder of a part, which other tools write there; None without any.

    Args:
        root: The data root.
        folders: Folders below it.
    """
    places = [Path(root, folder, name) for folder in ('', *folders) for name in NAMES]
    return next(filter(Path.is_file, places), None)


def read_class_file(path: Path, classes: Sequence[str] = ()) -> list[tuple[int, str | None]]:
    """Values or colours with their names, in the order of the file.

    Args:
        path: A CSV file with a value (or a colour, as three numbers or ``#rrggbb``) and a name in each line; the name
            may come first. Several values of one name are one class. What is called ``void`` or ``ignore`` is none.
            A ``labelmap.txt`` of CVAT says the same in its own form.
        classes: Names that are classes, also ``void``: those of a training.

    Returns:
        Values as :func:`ltcl.datasets.transforms.map_labels.colour_codes` has them, each with a name; None for void.

    Raises:
        UserError: A line is not like that, or a value stands there twice.
    """
    try:
        lines = path.read_text(encoding='utf-8-sig').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f'{path} cannot be read ({error}): write it in UTF-8; {NO_COLUMNS}') from error
    if path.name == LABELMAP:
        lines = list(map(_line_of_labelmap, lines))
    return parse_class_lines(lines, str(path), classes)


def parse_class_lines(lines: Sequence[str], source: str, classes: Sequence[str] = ()) -> list[tuple[int, str | None]]:
    """What :func:`read_class_file` returns of the lines of such a file.

    Args:
        lines: The lines.
        source: Where they come from, for messages.
        classes: As there.
    """
    text = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    outside = [re.sub('"[^"]*"', '', line) for _, line in text]  # a name in quotes may hold any of them
    mark = max(',;\t', key=lambda each: sum(line.count(each) for line in outside))
    rows = [_row(f'{source}, line {number}', *_cells(line, mark), number == text[0][0]) for number, line in text]
    found = [(code, _class_of(name, classes)) for code, name in filter(None, rows)]
    if not found:
        raise UserError(f'{source} names no class: {NO_COLUMNS}')
    codes = [code for code, _ in found]
    if repeated := [in_words(code) for i, code in enumerate(codes) if code in codes[:i]]:
        raise UserError(f'{source} has {shorten(repeated)} twice: a value is one class')
    return found


def _line_of_labelmap(line: str) -> str:
    """The line of ``classes.csv`` that says the same; a remark is none."""
    if line.startswith('#') or not line.strip():
        return ''
    name, *rest = line.split(':')
    return f'{rest[0]},{quoted(name)}' if rest else line


def _cells(line: str, mark: str) -> tuple[list[str], str]:
    """The values and the name of a line."""
    cells = [cell.strip() for cell in next(csv.reader([line], delimiter=mark))]
    at_front = len(cells) > 1 and _is_number(cells[-1]) and not _is_number(cells[0])
    return (cells[1:], cells[0]) if at_front else (cells[:-1], cells[-1])


def _row(place: str, values: list[str], name: str, is_first: bool) -> tuple[int, str] | None:
    code = _code(values)
    if code is None:
        if is_first and not any(map(_is_number, (*values, name))):
            return None  # the heading
        raise UserError(f'{place}: "{",".join((*values, name))}" is no class: {NO_COLUMNS}')
    return code, normal_name(name)


def _class_of(name: str, classes: Sequence[str]) -> str | None:
    return None if name.lower() in VOID_NAMES and name not in classes else name


def _is_number(cell: str) -> bool:
    return re.fullmatch(r'\d{1,3}(\s+\d{1,3}\s+\d{1,3})?|#[0-9a-fA-F]{6}', cell) is not None


def _code(cells: Sequence[str]) -> int | None:
    """The number of a value or colour; None if it is neither."""
    if not cells or not all(map(_is_number, cells)):
        return None
    if len(cells) == 1 and cells[0].startswith('#'):
        return int(cells[0][1:], 16)
    values = [int(value) for cell in cells for value in cell.split()] if '#' not in ''.join(cells) else []
    if len(values) not in (1, 3) or max(values) > 255:
        return None
    red, green, blue = values * 3 if len(values) == 1 else values
    return red << 16 | green << 8 | blue


def is_grey(code: int) -> bool:
    """Whether a colour is a grey level, and so a value."""
    return code % GREY == 0


def cell_of(code: int) -> str:
    """A value or colour as it stands in the file."""
    return str(code // GREY) if is_grey(code) else f'{code >> 16},{code >> 8 & 255},{code & 255}'


def in_words(code: int) -> str:
    """``the value 7`` or ``the colour 128,0,0``."""
    return f'the {"value" if is_grey(code) else "colour"} {cell_of(code)}'


def quoted(name: str) -> str:
    """A name as it stands in the file."""
    return '"' + name.replace('"', '""') + '"' if re.search('[,;\t"]', name) else name
