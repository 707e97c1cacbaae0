"""Bars on a terminal, plain lines elsewhere."""

import io
import logging
import sys

import pytest

from ltcl import progress_bars
from ltcl.progress_bars import DISPLAY, Work, duration, progress, tracked


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test moves."""
    time = [1000.0]
    monkeypatch.setattr(progress_bars.time, 'monotonic', lambda: time[0])
    return time


def test_a_plain_line_every_minute(clock):
    said = []
    work = Work('features', 1000, say=said.append, stream=io.StringIO())
    for _ in range(10):
        clock[0] += 25
        work.advance(100)
    assert said == [
        'features: 300 of 1,000 images, 4 a second, 3 min left',
        'features: 600 of 1,000 images, 4 a second, 100 s left'.replace('100 s', '2 min'),
        'features: 900 of 1,000 images, 4 a second, 25 s left',
    ]


def test_plain_lines_go_to_the_stream(clock):
    stream = io.StringIO()
    work = Work('masks', None, 'masks', stream)
    clock[0] += 120
    work.advance(6)
    assert stream.getvalue() == 'masks: 6 masks, one in 20 s\n'


def test_what_an_earlier_run_did_is_no_speed(clock):
    said = []
    work = Work('training', 1000, 'iterations', io.StringIO(), said.append)
    work.skip(900)
    clock[0] += 60
    work.advance(60)
    assert said == ['training: 960 of 1,000 iterations, 1 a second, 40 s left']


def test_no_line_soon_after_another_one(clock):
    said = []
    work = Work('training', 1000, 'iterations', io.StringIO(), said.append)
    clock[0] += 50
    work.heard()
    clock[0] += 50
    work.advance()
    assert not said


def test_short_work_shows_nothing(clock, capsys):
    assert list(tracked([1, 2, 3], 'quick')) == [1, 2, 3]
    stream = Terminal()
    work = Work('quick', 3, stream=stream)
    clock[0] += 2.9
    work.advance()
    work.end()
    assert capsys.readouterr() == ('', '')
    assert not stream.getvalue()


def test_bars_share_a_terminal(clock):
    stream = Terminal()
    outer = Work('training', 10, stream=stream, delay=0)
    outer.advance()
    inner = Work('validation', 4, stream=stream)
    clock[0] += 3
    inner.advance(2)
    assert [task.description for task in DISPLAY.bars.tasks] == ['training', 'validation']
    assert [task.completed for task in DISPLAY.bars.tasks] == [1, 2]
    inner.end()
    assert [task.description for task in DISPLAY.bars.tasks] == ['training']
    outer.end()
    assert DISPLAY.bars is None
    text = stream.getvalue()
    assert text.rfind('\x1b[?25h') > text.rfind('\x1b[?25l')  # the cursor is shown again


def test_log_lines_go_above_the_bar(clock, monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, 'stdout', stream)
    handler = logging.StreamHandler(stream)
    logger = logging.getLogger('above the bar')
    logger.addHandler(handler)
    work = Work('training', 10, stream=stream, delay=0)
    work.advance()
    assert handler.stream is sys.stdout is not stream
    work.end()
    assert handler.stream is sys.stdout is stream
    logger.removeHandler(handler)


def test_only_the_main_process_speaks(clock, monkeypatch):
    monkeypatch.setenv('RANK', '1')
    work = Work('test', 10, stream=Terminal(), delay=0)
    clock[0] += 100
    work.advance()
    assert DISPLAY.bars is None


def test_a_failure_takes_the_bar_down(clock):
    def fail():
        with progress('work', 2) as work:
            work._stream, work.on_terminal, work.delay = Terminal(), True, 0
            work.advance()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert DISPLAY.bars is None


@pytest.mark.parametrize(
    ('seconds', 'words'), [(0.2, '0 s'), (99, '99 s'), (100, '2 min'), (5940, '99 min'), (7500, '2 h 5 min')]
)
def test_durations(seconds, words):
    assert duration(seconds) == words
