"""A thread that ends the process when it must not go on."""

import math
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

from . import exit_codes
from .failure import LAUNCHER_VARIABLE, Failure
from .meeting import NO_ANSWER, Messenger
from .progress import PROGRESS, is_debugged, main_thread_is_in, place

# A process without a launcher has this long to save a checkpoint.
ORPHAN_SECONDS = 40
# The process that serves the store may end before the others at the end of a run; they need no store by then.
LOST_SECONDS = 10


class Watch(threading.Thread):
    """Ends the process if it has stalled, if another process has failed, or if its launcher is gone.

    The main thread cannot: it waits in C++ for a message of another process, or for a worker that reads a file.
    A checkpoint that is being written is finished first, unless that is what has stalled.

    Attributes:
        messenger: Knows the other processes; None for a single one.
        silence: Seconds after which a process counts as gone that does not answer, where progress has no limit.
    """

    def __init__(self) -> None:
        super().__init__(name='ltcl-watch', daemon=True)
        self.messenger: Messenger | None = None
        self.silence = math.inf
        self._parent = int(os.environ.get(LAUNCHER_VARIABLE, os.getppid()))
        self._stopped = threading.Event()
        self._ticked = time.monotonic()
        self._lost_at: float | None = None
        self._orphaned_at: float | None = None

    def run(self) -> None:
        """Look once a second, or more often if the limit is short."""
        while not self._stopped.wait(PROGRESS.period):
            self._excuse_pauses()
            if self.messenger is not None:
                self._follow_launcher(self.messenger)
                self._follow_others(self.messenger)
            self._follow_progress()

    def stop(self) -> None:
        """From now on the main thread ends the process."""
        self._stopped.set()

    def _excuse_pauses(self) -> None:
        """A process that was itself stopped (Ctrl-Z, a machine that slept) has not stalled for that time."""
        now = time.monotonic()
        pause, self._ticked = now - self._ticked - PROGRESS.period, now
        if pause > 2:
            PROGRESS.moment += pause
            if self.messenger is not None:
                self.messenger.excuse()

    def _follow_launcher(self, messenger: Messenger) -> None:
        if os.getppid() == self._parent:
            return
        now = time.monotonic()
        if self._orphaned_at is None:
            self._orphaned_at = now
            os.kill(os.getpid(), signal.SIGTERM)  # saves a checkpoint if there is something to save
        elif now - self._orphaned_at > ORPHAN_SECONDS:
            self._end(Failure('the launcher is gone', exit_codes.stopped_by(signal.SIGTERM), messenger.rank))

    def _follow_others(self, messenger: Messenger) -> None:
        if messenger.failure is not None:
            self._end(messenger.failure, is_mine=False)
        # torchrun serves the store itself: without it the processes are orphans, with a longer time.
        if messenger.is_lost and self._lost_at is None and self._orphaned_at is None:
            self._lost_at = time.monotonic()
        if self._lost_at is not None and time.monotonic() - self._lost_at > LOST_SECONDS:
            self._end(lost([0]))
            return
        is_heeded = PROGRESS.limit is None and self._orphaned_at is None and not messenger.is_lost
        if is_heeded and (gone := messenger.gone(self.silence)):
            self._end(unheard(gone, self.silence), waits=False)

    def _follow_progress(self) -> None:
        limit = PROGRESS.limit
        if not limit or PROGRESS.idle_seconds < limit or is_debugged():
            return
        found = stalled(self.messenger, limit)
        first = found if self.messenger is None else self.messenger.claim(found)
        self._end(first, is_mine=first == found, waits=False)

    def _end(self, failure: Failure, is_mine: bool = True, waits: bool = True) -> None:
        while waits and main_thread_is_in('add_checkpoint', 'save_checkpoint'):
            time.sleep(0.1)
        if not self._stopped.is_set():
            end_process(failure.status, lambda: failure.report(is_mine))


def stalled(messenger: Messenger | None, limit: float | None) -> Failure:
    """The failure of the processes for which the others wait, or of this one if it is alone.

    Args:
        messenger: Knows the others.
        limit: Seconds that were waited; None if that is not known.
    """
    advice = 'if that is no fault, raise stall_timeout; --resume auto goes on from the last checkpoint'
    waited = '' if limit is None else f', no progress for {limit:g} s'
    if messenger is None or messenger.world_size == 1:
        return Failure(f'the run has stalled ({place()}){waited}: {advice}', exit_codes.STALLED)
    ranks, what = messenger.who_stalls(patience=min(30, limit / 4) if limit else LOST_SECONDS / 2)
    who = f'rank {ranks[0]} has' if len(ranks) == 1 else f'ranks {", ".join(map(str, ranks))} have'
    return Failure(f'{who} stalled ({what}){waited}: {advice}', exit_codes.STALLED)


def unheard(ranks: list[int], seconds: float) -> Failure:
    """The failure of processes that do not answer, while they have time for all else."""
    names = ', '.join(map(str, ranks))
    return Failure(f'rank {names} has stalled ({NO_ANSWER}), no sign for {seconds:g} s', exit_codes.STALLED)


def lost(ranks: list[int]) -> Failure:
    """The failure of processes that ended without a word."""
    return Failure(
        f'rank {", ".join(map(str, ranks))} ended without a word: was it killed, or was the memory used up?',
        exit_codes.FAILED,
        is_guess=True,
    )


def end_process(status: int, last_words: Callable[[], None] = lambda: None) -> None:
    """End this process from any thread, with the workers of its dataloaders, which may hang.

    Args:
        status: Exit status.
        last_words: Called before; it has five seconds, as standard output may be what hangs.
    """

    def speak() -> None:
        last_words()
        sys.stdout.flush()
        sys.stderr.flush()

    speaker = threading.Thread(target=speak, daemon=True)
    speaker.start()
    speaker.join(5)
    for worker in multiprocessing.active_children():
        worker.kill()
    os._exit(status)
