"""How far a long loop is, for whoever waits for it. Imports no torch."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import TypeVar

Item = TypeVar('Item')

# Seconds before anything is shown, and between two lines where nobody sees a bar.
PATIENCE, PERIOD = 3.0, 60.0


def counted(items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
    """The items, while a bar with the time that is left is shown on standard error.

    Nothing is shown in the first three seconds, nor by any but the first of several processes. Where standard error is
    no terminal, it is a line a minute.

    Args:
        items: Made one after the other.
        total: How many there will be.
        what: What they are, such as ``images read``.
    """
    start = told = time.monotonic()
    with ExitStack() as stack:
        advance: Callable[[int], None] | None = None
        for number, item in enumerate(items, start=1):
            yield item
            now = time.monotonic()
            if now - start < PATIENCE or os.environ.get('RANK', '0') != '0':
                continue
            if sys.stderr.isatty():
                if advance is None:
                    advance = stack.enter_context(_Bar(what, total))
                advance(number)
            elif now - told >= PERIOD and number < total:
                told, left = now, (now - start) / number * (total - number)
                print(f'{what}: {number:,} of {total:,}, about {left / 60:.0f} min left', file=sys.stderr, flush=True)


class _Bar:
    """A bar of rich, as a context; gives the function that moves it."""

    def __init__(self, what: str, total: int) -> None:
        from rich import progress  # only now: few loops are long
        from rich.console import Console

        columns = *progress.Progress.get_default_columns(), progress.MofNCompleteColumn()
        self.bar = progress.Progress(*columns, console=Console(stderr=True), transient=True)
        self.task = self.bar.add_task(what, total=total)

    def __enter__(self) -> Callable[[int], None]:
        self.bar.start()
        return lambda number: self.bar.update(self.task, completed=number)

    def __exit__(self, *_: object) -> None:
        self.bar.stop()
