"""The commands of ``ltcl`` called in this process: a new one imports for seconds before it does anything."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from ltcl.cli import main as cli


class Done(NamedTuple):
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str

    @property
    def mistake(self) -> str:
        """The one line that answers a user's mistake."""
        assert self.status == 1, self.out + self.err
        [line] = [line for line in self.err.splitlines() if line.strip()]
        assert line.startswith('error: ')
        return line


@pytest.fixture
def call(monkeypatch, capsys) -> Callable[..., Done]:
    """Runs ``ltcl`` with some words."""
    # As in a new process: a command sets it, and after the test it is as before.
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')
    monkeypatch.delenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD')

    def command(*words: object) -> Done:
        monkeypatch.setattr('sys.argv', ['ltcl', *map(str, words)])
        capsys.readouterr()
        status = 0
        try:
            cli.main()
        except SystemExit as stop:
            status = stop.code
        return Done(status, *capsys.readouterr())

    return command
