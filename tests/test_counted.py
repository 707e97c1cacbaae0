"""What is shown of a long loop: nothing at first, a line a minute, a bar on a terminal."""

import io

import pytest

from ltcl import counted as module
from ltcl.counted import counted


class Clock:
    """Time that goes on by some seconds at each look."""

    def __init__(self, seconds):
        self.now, self.seconds = 0.0, seconds

    def monotonic(self):
        self.now += self.seconds
        return self.now


def shown(monkeypatch, seconds, number, terminal=False):
    stream = io.StringIO()
    stream.isatty = lambda: terminal
    monkeypatch.setattr(module, 'time', Clock(seconds))
    monkeypatch.setattr('sys.stderr', stream)
    assert list(counted(iter(range(number)), number, 'images read')) == list(range(number))
    return stream.getvalue()


@pytest.mark.parametrize(('seconds', 'number'), [(0.1, 20), (0.0, 0)])
def test_a_short_loop_is_silent(monkeypatch, seconds, number):
    assert shown(monkeypatch, seconds, number) == ''


def test_a_line_a_minute_with_the_time_that_is_left(monkeypatch):
    lines = shown(monkeypatch, 30, 8).splitlines()
    assert lines == [
        'images read: 2 of 8, about 3 min left',
        'images read: 4 of 8, about 2 min left',
        'images read: 6 of 8, about 1 min left',
    ]


def test_one_of_several_processes_speaks(monkeypatch):
    monkeypatch.setenv('RANK', '1')
    assert shown(monkeypatch, 30, 8) == ''


def test_a_bar_on_a_terminal(monkeypatch):
    monkeypatch.setenv('TERM', 'xterm')
    text = shown(monkeypatch, 2, 5, terminal=True)
    assert 'images read' in text
    assert 'about' not in text
