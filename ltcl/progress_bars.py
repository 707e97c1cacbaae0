"""How far a long work is: a bar with the time that is left on a terminal, a plain line every minute elsewhere.

All bars of a process share one display, since a terminal has room for one: that of a training stays while a validation
within it has a bar of its own. Imports no torch.
"""

import atexit
import contextlib
import logging
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TYPE_CHECKING, TextIO, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

Item = TypeVar('Item')
DELAY = 3.0
"""Seconds after which a work is long enough for a bar."""
PERIOD = 60.0
"""Seconds between two plain lines."""


class Display:
    """The bars on the terminal, there while any work goes on."""

    def __init__(self) -> None:
        self.bars: Progress | None = None
        self._number = 0
        self._streams: list[tuple[logging.StreamHandler, TextIO]] = []

    def add(self, title: str, total: int | None, stream: TextIO) -> 'TaskID':
        """Show one more bar, on the stream of the first one."""
        if self.bars is None:
            self._open(stream)
        assert self.bars is not None
        self._number += 1
        return self.bars.add_task(title, total=total)

    def remove(self, bar: 'TaskID') -> None:
        """Take a bar down, and the display with the last one."""
        assert self.bars is not None
        self._number -= 1
        if self._number:
            self.bars.remove_task(bar)
        else:
            self._close()

    def _open(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
        from rich.progress import TimeRemainingColumn as TimeLeftColumn

        columns = TextColumn('{task.description}', markup=False), BarColumn(), MofNCompleteColumn()
        times = TextColumn('elapsed'), TimeElapsedColumn(), TextColumn('left'), TimeLeftColumn()
        self.bars = Progress(*columns, *times, console=Console(file=stream))
        before = sys.stdout, sys.stderr
        self.bars.start()
        atexit.register(self.bars.stop)  # a run that ends early must not leave the terminal without a cursor
        for handler in _console_handlers():  # rich prints above the bars what goes through its own streams
            for old, new in zip(before, (sys.stdout, sys.stderr), strict=True):
                if handler.stream is old:
                    self._streams.append((handler, old))
                    handler.setStream(new)

    def _close(self) -> None:
        assert self.bars is not None
        self.bars.stop()
        atexit.unregister(self.bars.stop)
        for handler, stream in self._streams:
            handler.setStream(stream)
        self.bars, self._streams = None, []


DISPLAY = Display()
"""That of this process."""


def _console_handlers() -> list[logging.StreamHandler]:
    """Handlers of all loggers that write to a stream of this process, also those that Python's ``logging`` forgets."""
    loggers = [logging.getLogger(), *logging.root.manager.loggerDict.values()]
    module = sys.modules.get('mmengine.logging')
    loggers += [] if module is None else [*module.MMLogger._instance_dict.values()]
    found = [handler for logger in loggers for handler in getattr(logger, 'handlers', ())]
    return list(dict.fromkeys(each for each in found if type(each) is logging.StreamHandler))


class Work:
    """A work and how much of it is done.

    Args:
        title: What is done, such as ``test``.
        total: How many there are; None if that is not known.
        unit: Of what, such as ``images``.
        stream: Where a bar is shown, if it is a terminal. None: standard error.
        say: Takes the plain lines. None: they go to the stream.
        delay: Seconds until a bar is shown.
    """

    def __init__(
        self,
        title: str,
        total: int | None = None,
        unit: str = 'images',
        stream: TextIO | None = None,
        say: Callable[[str], None] | None = None,
        delay: float = DELAY,
    ) -> None:
        self.title, self.total, self.unit, self.delay = title, total, unit, delay
        self.done = 0
        self._stream = stream or sys.stderr
        self._say = say or (lambda line: print(line, file=self._stream, flush=True))
        self._is_shown = os.environ.get('RANK', '0') == '0'
        self.on_terminal = self._is_shown and self._stream.isatty()
        self._bar: TaskID | None = None
        self._start = self._told = time.monotonic()
        self._skipped = 0

    def skip(self, number: int) -> None:
        """Count what was done before the start, by an earlier run."""
        self._skipped = self.done = number

    def advance(self, number: int = 1, title: str | None = None) -> None:
        """Count what is done.

        Args:
            number: How many more.
            title: A new title, such as one with the present loss.
        """
        self.done += number
        self.title = title or self.title
        if not self._is_shown:
            return
        now = time.monotonic()
        if self.on_terminal:
            self._draw(now)
        elif now - self._told >= PERIOD and self.done != self.total:
            self.tell()

    def tell(self) -> None:
        """Say a plain line now."""
        self._told = time.monotonic()
        self._say(self.line(self._told - self._start))

    def heard(self) -> None:
        """Something else has just told how far it is: the next plain line comes a minute from now."""
        self._told = time.monotonic()

    def line(self, seconds: float) -> str:
        """How far it is after some seconds."""
        rate = (self.done - self._skipped) / max(seconds, 1e-9)
        pace = f'{rate:,.0f} a second' if rate >= 1 else f'one in {duration(1 / max(rate, 1e-9))}'
        if self.total is None:
            return f'{self.title}: {self.done:,} {self.unit}, {pace}'
        left = (self.total - self.done) / max(rate, 1e-9)
        return f'{self.title}: {self.done:,} of {self.total:,} {self.unit}, {pace}, {duration(left)} left'

    def end(self) -> None:
        """Take the bar down."""
        if self._bar is not None:
            DISPLAY.remove(self._bar)
            self._bar = None

    def _draw(self, now: float) -> None:
        if self._bar is None and now - self._start >= self.delay:
            self._bar = DISPLAY.add(self.title, self.total, self._stream)
        if self._bar is not None and DISPLAY.bars is not None:
            DISPLAY.bars.update(self._bar, completed=self.done, description=self.title)


@contextlib.contextmanager
def progress(
    title: str, total: int | None = None, unit: str = 'images', say: Callable[[str], None] | None = None
) -> Iterator[Work]:
    """Show how far the block is, which calls :meth:`Work.advance`; arguments as of :class:`Work`."""
    work = Work(title, total, unit, say=say)
    try:
        yield work
    finally:
        work.end()


def tracked(
    items: Iterable[Item], title: str, total: int | None = None, unit: str = 'images', say: Callable | None = None
) -> Iterator[Item]:
    """Yield items while it is shown how many are done.

    Args:
        items: What is gone through.
        title: What is done with them.
        total: How many there are; None: their ``len``, if they have one.
        unit: What they are.
        say: Takes the plain lines; None prints them on standard error.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    with progress(title, total, unit, say) as work:
        for item in items:
            yield item
            work.advance()


def duration(seconds: float) -> str:
    """A time in words: ``42 s``, ``3 min``, ``2 h 5 min``."""
    if seconds < 99.5:
        return f'{seconds:.0f} s'
    minutes = round(seconds / 60)
    return f'{minutes} min' if minutes < 100 else f'{minutes // 60:,} h {minutes % 60} min'
