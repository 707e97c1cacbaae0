"""What names turn into where they leave the program."""

import csv
import io
import json
import logging
import subprocess
import sys

import pandas as pd
import pytest
from mmengine.logging import MMLogger, print_log
from odd_names import ODD_NAMES
from rich.console import Console

from ltcl.errors import UserError
from ltcl.launch import report_user_errors
from ltcl.neutral_text import csv_cell, csv_text, from_csv_cell, markdown_cell, markup, neutralise, shorten, visible


@pytest.mark.parametrize(
    ('name', 'shown'),
    [
        ('\x1b]0;title\x07', r'\x1b]0;title\x07'),
        ('\x9b31m', r'\x9b31m'),
        ('a\nb\r\tc', r'a\nb\r\tc'),
        ('\u202egnp.exe\u2069', r'\u202egnp.exe\u2069'),
        ('a\u2028b\u2029', r'a\u2028b\u2029'),
        ('th\udce9', r'th\xe9'),
        ('\udce7\udc8c\udcab', '猫'),  # as an ASCII locale gives it
        ('\udcc2\udc9b31m', r'\x9b31m'),
        ('\ud800 \udfff', r'\ud800 \udfff'),
        ('x\\y 猫 ängste عربى 👩‍👩‍👧 $1', 'x\\y 猫 ängste عربى 👩‍👩‍👧 $1'),
        (7, '7'),
        (None, 'None'),
    ],
)
def test_what_commands_a_terminal_is_an_escape_and_the_rest_stays(name, shown):
    assert visible(name) == shown


def test_long_text_loses_its_middle():
    assert visible('n' * 10_000_000 + 'end', width=10) == 'nnnnnn…end'
    assert visible('0123456789', width=10) == '0123456789'


def test_line_breaks_stay_where_text_has_several_lines():
    assert visible('a\n\x1bb', keep='\n') == 'a\n\\x1bb'


def test_names_of_a_csv_file_are_read_again_and_none_is_a_formula():
    names = [*ODD_NAMES, "''-1", "'s-Hertogenbosch", ' =1', '＝1', 'a;=1']
    text = csv_text(['name', 'number'], [(name, -1.5) for name in names])
    text.encode('utf-8')
    rows = list(csv.DictReader(io.StringIO(text, newline='')))
    assert [from_csv_cell(row['name']) for row in rows] == [visible(name, '\n\t') for name in names]
    assert not [row for row in rows if row['name'].lstrip()[0] in '=+-@＝\t\r']
    table = pd.read_csv(io.StringIO(text))
    assert table['number'].tolist() == [-1.5] * len(names)
    assert table['name'].tolist() == [row['name'] for row in rows]


def test_cells_that_are_no_text_stay():
    assert [csv_cell(value) for value in (-1, 0.5, None)] == [-1, 0.5, None]
    assert csv_text(['a', 'b'], [(None, -1)]) == '"a","b"\n"",-1\n'


@pytest.mark.parametrize('name', ODD_NAMES)
def test_markup_of_rich_and_markdown_obeys_no_name(name):
    console = Console(file=io.StringIO(), width=1000, force_terminal=True, color_system='standard')
    console.print(markup(name), highlight=False, soft_wrap=True)
    assert console.file.getvalue() == f'{visible(name)}\n'
    assert '|' not in markdown_cell(name).replace('\\|', '')


@pytest.fixture
def logger(tmp_path):
    """A logger as a run has it, in a locale that knows ASCII alone."""
    logger = MMLogger('odd', log_file=str(tmp_path / 'run.log'))
    logger.handlers[0].setStream(io.TextIOWrapper(io.BytesIO(), encoding='ascii'))
    logger.handlers[1].stream.reconfigure(encoding='ascii')
    logger.file = tmp_path / 'run.log'
    neutralise(logger)
    neutralise(logger)
    yield logger
    logger.handlers[1].close()


@pytest.mark.parametrize('name', ODD_NAMES)
def test_log_takes_every_name(logger, name, capsys):
    logger.info('class %s', name)
    logger.handlers[0].stream.flush()
    line = logger.file.read_text(encoding='utf-8')
    assert line.endswith(f'class {visible(name, chr(10) + chr(9))}\n')
    assert '\x1b' not in line
    printed = logger.handlers[0].stream.buffer.getvalue()
    assert printed.count(b'\x1b') == printed.count(b'\x1b[')  # the colours of the level
    assert b'\x1b]' not in printed
    assert 'Logging error' not in capsys.readouterr().err


def test_traceback_in_a_log_is_neutral(logger):
    try:
        raise ValueError('\x1b[31m\udce9')
    except ValueError:
        logger.exception('it failed')
    text = logger.file.read_text(encoding='utf-8')
    assert 'ValueError: \\x1b[31m\\xe9\n' in text
    assert 'Traceback (most recent call last):\n' in text


def test_only_our_own_messages_are_one_line(logger):
    speak = {'print_log': print_log, 'logger': logger, '__name__': 'ltcl.datasets'}
    exec("print_log('class a\\nforged', logger=logger)", speak)
    print_log('\n| table |\n| row |', logger=logger)
    lines = logger.file.read_text(encoding='utf-8').split('\n')
    assert lines[0].endswith('class a\\nforged')
    assert lines[2:4] == ['| table |', '| row |']


def test_error_of_a_tool_takes_every_name(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding='ascii')
    monkeypatch.setattr(sys, 'stderr', stream)
    monkeypatch.setattr(sys, 'stdout', io.TextIOWrapper(io.BytesIO(), encoding='ascii'))

    @report_user_errors
    def main():
        print('猫 \udce9')
        raise UserError('no class \x1b]0;owned\x07 th\udce9 猫')

    with pytest.raises(SystemExit):
        main()
    stream.flush()
    assert stream.buffer.getvalue() == b'error: no class \\x1b]0;owned\\x07 th\\xe9 \\u732b\n'


def test_traceback_of_a_tool_is_neutral():
    code = 'import ltcl.neutral_text as n; n.neutralise_output(); raise ValueError("\\x1b]0;owned\\x07 \\udce9")'
    failed = subprocess.run([sys.executable, '-c', code], capture_output=True)
    assert failed.returncode == 1
    assert failed.stderr.endswith(b'ValueError: \\x1b]0;owned\\x07 \\xe9\n')
    assert b'\x1b' not in failed.stderr


def test_formatted_messages_keep_their_arguments(logger):
    logger.info('%d of %s %%', 3, {'a': 1})
    assert logger.file.read_text().endswith("3 of {'a': 1} %\n")
    assert logging.getLevelName(logger.handlers[0].level) == 'INFO'


def test_json_keeps_names_as_they_are():
    assert json.loads(json.dumps(ODD_NAMES).encode('utf-8')) == ODD_NAMES


def test_the_first_of_many_names():
    assert shorten(['a', 2, 'c']) == 'a, 2, c'
    assert shorten(['a', 2, 'c', 'd'], 2, '; ') == 'a; 2 and 2 more'
