"""Names of classes, files and folders as text that no terminal, log, spreadsheet or table obeys.

Names come from folders, lists and checkpoints of other people. They may hold terminal commands, formulas, markup, or
bytes that are no UTF-8. They are kept as they are where they are needed (to open a file, in ``metrics.json``) and pass
through one of these functions where they leave the program. Figures: :mod:`ltcl.analysis.figure_names`. HTML:
:func:`visible`, then the escaping of whatever writes the page.
"""

import csv
import io
import logging
import re
import sys
import traceback
from collections.abc import Iterable, Sequence
from types import FrameType
from typing import Any

# A byte of a file name that Python could not decode stands in text as one of these ("surrogateescape").
STRAY_BYTES = re.compile('[\udc80-\udcff]+')
# Control characters, separators of lines, what turns the direction of the text after it, and halves of a character.
UNSEEN = re.compile('[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]')
# What a spreadsheet takes for a formula. Excel of East Asia reads wide signs as narrow ones.
FORMULA = re.compile(r"'*\s*[=+\-@＝＋－＠]|'*[\t\r\n]")
MAX_LINE = 4000


def visible(text: object, keep: str = '', width: int | None = None) -> str:
    r"""Text for a person, with what would command a terminal written as escapes: ``\x1b``, ``\n``, ``\u202e``.

    Bytes of a file name are decoded as UTF-8, whatever the locale is; one that does not belong there is ``\xe9``.

    Args:
        text: A name, or a whole message.
        keep: Control characters to leave, such as ``'\n'`` where the text may have several lines.
        width: Longest result; the middle of a longer one is left out.
    """
    text = STRAY_BYTES.sub(_decoded, str(text))
    text = UNSEEN.sub(lambda found: found[0] if found[0] in keep else _escape(found[0]), text)
    if width is not None and len(text) > width:
        end = (width - 1) // 3
        text = f'{text[: width - 1 - end]}…{text[len(text) - end :]}'
    return text


def markup(text: object) -> str:
    """Text for a title or a line of rich, which takes ``[red]`` for a command otherwise."""
    from rich.markup import escape

    return escape(visible(text))


def markdown_cell(text: object) -> str:
    """Text for a cell of a Markdown table."""
    return re.sub(r'[\\`*<\[|$]', r'\\\g<0>', visible(text))


def csv_text(header: Sequence[str], rows: Iterable[Sequence]) -> str:
    """A CSV file with every text in double quotes and no cell that a spreadsheet would run.

    Args:
        header: Names of the columns.
        rows: Cells of each line. Numbers are written as numbers, None as an empty cell.
    """
    file = io.StringIO()
    # Text in quotes stays one cell in programs that take ";" for the separator.
    writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator='\n')
    for row in (header, *rows):
        writer.writerow(map(csv_cell, row))
    return file.getvalue()


def csv_cell(value: object) -> object:
    """A cell of a CSV file: text that begins like a formula gets an apostrophe before it, a number stays a number."""
    if not isinstance(value, str):
        return value
    value = visible(value, keep='\n\t')
    return f"'{value}" if FORMULA.match(value) else value


def from_csv_cell(text: str) -> str:
    """The text that :func:`csv_cell` was given; escapes of control characters stay."""
    return text[1:] if text.startswith("'") and FORMULA.match(text[1:]) else text


def shorten(names: Sequence[object], shown: int = 8, separator: str = ', ') -> str:
    """The first of many names, and how many more there are."""
    more = f' and {len(names) - shown} more' if len(names) > shown else ''
    return separator.join(map(str, names[:shown])) + more


def neutralise(logger: logging.Logger) -> None:
    """Let a logger write any name: control characters as escapes, log files in UTF-8, nothing that cannot be encoded.

    Args:
        logger: Changed in place; a second call changes nothing.
    """
    logger.addFilter(_neutral_record)
    for handler in logger.handlers:
        if isinstance(handler, logging.FileHandler):
            handler.encoding, handler.errors = 'utf-8', 'backslashreplace'
        _accept_all(getattr(handler, 'stream', None), encoding=getattr(handler, 'encoding', None))


def neutralise_output() -> None:
    """Let standard output and error take any name: what their encoding lacks is an escape, and so in tracebacks."""
    for stream in (sys.stdout, sys.stderr):
        _accept_all(stream)
    sys.excepthook = _print_traceback


def _print_traceback(*error: Any) -> None:
    print(visible(''.join(traceback.format_exception(*error)), '\n\t'), end='', file=sys.stderr)


def _accept_all(stream: Any, encoding: str | None = None) -> None:
    # Notebooks and progress bars put other objects there.
    if hasattr(stream, 'reconfigure') and not stream.closed:
        stream.reconfigure(encoding=encoding, errors='backslashreplace')


def _neutral_record(record: logging.LogRecord) -> bool:
    # A message of ours is one line, so a line break in it is part of a name; tables of other packages have several.
    one_line = _speaker().partition('.')[0] == 'ltcl'
    message = record.getMessage()
    record.msg, record.args = visible(message, '', MAX_LINE) if one_line else visible(message, '\n\t'), ()
    if record.exc_info and not record.exc_text:
        record.exc_text = visible(logging.Formatter().formatException(record.exc_info), '\n\t')
    return True


def _speaker() -> str:
    """Name of the module that logs, behind the functions of logging."""
    frame: FrameType | None = sys._getframe(1)
    passed = ('logging', 'mmengine.logging', __name__)
    while frame is not None and frame.f_globals.get('__name__', '').startswith(passed):
        frame = frame.f_back
    return '' if frame is None else frame.f_globals.get('__name__', '')


def _decoded(stray: re.Match) -> str:
    return stray[0].encode('utf-8', 'surrogateescape').decode('utf-8', 'backslashreplace')


def _escape(character: str) -> str:
    return character.encode('unicode_escape').decode()
