"""The commands, from their own help."""

import contextlib
import io
import re
from importlib import import_module
from unittest import mock

from ltcl.cli.main import COMMANDS


def commands() -> str:
    """What each command does, its examples and its options, as ``ltcl COMMAND --help`` prints them."""
    return '\n\n'.join(f'## ltcl {name}\n\n{about.capitalize()}.\n\n{_help(name)}' for name, about in COMMANDS.items())


def _help(name: str) -> str:
    return f'```text\n{help_of(name)}\n```'


def help_of(name: str) -> str:
    """The help of a command, 100 columns wide."""
    module = import_module(f'ltcl.cli.{re.sub("[ -]", "_", name)}')
    printed = io.StringIO()
    with (
        mock.patch('sys.argv', [f'ltcl {name}', '--help']),
        mock.patch.dict('os.environ', COLUMNS='100', NO_COLOR='1', PYTHON_COLORS='0'),
        contextlib.redirect_stdout(printed),
        contextlib.suppress(SystemExit),
    ):
        module.main()
    return printed.getvalue().strip()
