"""How far the main thread has come, for the threads that watch it."""

import faulthandler
import os
import re
import tempfile
import threading
import time
from typing import IO

# The places in which Python code waits for something else; the caller says more.
WAITING_ROOMS = ('/threading.py', '/queue.py', '/selectors.py', '/multiprocessing/', '/concurrent/', '/socket.py')
# A process that is here waits for the others, or for its own backward pass.
MEETING_PLACES = ('/torch/distributed/', '/torch/autograd/graph.py', '/mmengine/dist/')
FRAME = re.compile(r'  File "(.*)", line (\d+) in (.*)\n')
"""A line of faulthandler."""


class Progress:
    """The position of the main thread in the run; writing it costs less than a microsecond.

    Attributes:
        position: Iteration, phase and batch; the process with the smallest keeps the others waiting.
        moment: Time of the last step on Python's monotonic clock.
        limit: Seconds from one step to the next after which the process counts as stalled. None: no limit.
    """

    def __init__(self) -> None:
        self.position: tuple[int, int, int] = (0, 0, 0)
        self.moment = time.monotonic()
        self.limit: float | None = None

    def step(self, position: tuple[int, int, int] | None = None) -> None:
        """Something is done. Without a position: one turn of a long loop within a step."""
        if position is not None:
            self.position = position
        self.moment = time.monotonic()

    @property
    def idle_seconds(self) -> float:
        """Time since the last step."""
        return time.monotonic() - self.moment

    @property
    def period(self) -> float:
        """Seconds between two looks of those who watch."""
        return min(1.0, self.limit / 10) if self.limit else 1.0


PROGRESS = Progress()
"""That of this process."""


def _stack() -> list[tuple[str, int, str]]:
    """File, line and function of the main thread's frames, innermost first, at most a hundred.

    They are written down in one piece. Frames that are visited one by one may end meanwhile, since the main thread goes
    on, and Python 3.11 was seen to crash then.
    """
    with _scratch() as file:
        faulthandler.dump_traceback(file, all_threads=True)
        file.seek(0)
        dumped = file.read().decode(errors='replace')
    own = re.search(rf'hread 0x0*{threading.main_thread().ident:x}\b.*\n((?:  .*\n)*)', dumped)
    frames = FRAME.findall(own[1]) if own else []
    return [(path.replace('\\', '/'), int(line), function) for path, line, function in frames]


def _scratch() -> IO[bytes]:
    """A file in memory where the system has such, since those who watch must not end with a full disk."""
    return open(os.memfd_create('stack'), 'w+b') if hasattr(os, 'memfd_create') else tempfile.TemporaryFile()


def main_thread_is_in(*functions: str) -> bool:
    """Whether the main thread is in a function of one of these names, or in what it calls."""
    return any(name in functions for _, _, name in _stack())


def is_debugged() -> bool:
    """Whether a person looks at the main thread in a debugger."""
    return any(path.endswith(('/pdb.py', '/bdb.py')) for path, _, _ in _stack())


def is_waiting_for_others() -> bool:
    """Whether the main thread is where processes wait for each other."""
    return any(place in path for path, _, _ in _stack()[:4] for place in MEETING_PLACES)


def place() -> str:
    """Where the main thread is, in words."""
    stack = _stack()
    if any(name == '_try_get_data' for _, _, name in stack):
        return 'waiting for a worker of the dataloader'
    known = [entry for entry in stack if not any(room in entry[0] for room in WAITING_ROOMS)]
    if not known:
        return 'at an unknown place'
    path, line, function = known[0]
    return f'in {"/".join(path.split("/")[-2:])}:{line}, {function}'
