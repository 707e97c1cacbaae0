"""What the processes of a run tell each other beside gradients: who is there, how far each is, who failed first."""

import contextlib
import datetime
import json
import os
import threading
import time
from typing import TYPE_CHECKING

from ltcl.errors import UserError

from .failure import Failure
from .progress import PROGRESS, is_waiting_for_others, place

if TYPE_CHECKING:
    from torch.distributed import Store

DEFAULT_PORT = 29500
MOST_PORT = 65535
NO_ANSWER = 'it does not answer'


def whole_number(name: str, text: str, most: int | None = None) -> int:
    """A number that the environment or a script gives.

    Raises:
        UserError: It is none from 0, or above ``most``.
    """
    if not text.isdecimal() or (most is not None and int(text) > most):
        limit = '' if most is None else f' of at most {most}'
        raise UserError(f'{name} must be a whole number{limit}, got {text!r}')
    return int(text)


def connect(timeout: float, run: str = '') -> 'Store':
    """A connection to the key-value store that the process group meets in; the first process serves it.

    torch's own rendezvous at the same address and port takes the same server.

    Args:
        timeout: Seconds in which the server must come up.
        run: Of :func:`~.ranks.name_of_run`. Where another run serves this port, its processes are not taken for ours.
    """
    from torch.distributed import PrefixStore, TCPStore

    is_served_by_torchrun = os.environ.get('TORCHELASTIC_USE_AGENT_STORE') == 'True'
    store = TCPStore(
        os.environ['MASTER_ADDR'],
        int(os.environ['MASTER_PORT']),
        is_master=os.environ['RANK'] == '0' and not is_served_by_torchrun,
        timeout=datetime.timedelta(seconds=timeout),
        wait_for_workers=False,
        multi_tenant=True,
    )
    return PrefixStore(f'ltcl/{run}', store)


def call_roll(store: 'Store', rank: int, world_size: int, timeout: float) -> list[int]:
    """Wait for all processes.

    Args:
        store: A connection of the calling thread.
        rank: The calling process.
        world_size: Number of processes.
        timeout: Seconds to wait.

    Returns:
        The processes that did not come, empty if all did.
    """
    store.set(f'here/{rank}', '')
    keys = [f'here/{each}' for each in range(world_size)]
    with contextlib.suppress(RuntimeError):  # too late
        store.wait(keys, datetime.timedelta(seconds=timeout))
    return [each for each, key in enumerate(keys) if not store.check([key])]


def claim(store: 'Store', failure: Failure) -> Failure:
    """Put a failure down as the first one; the answer is the one that was first."""
    return Failure.from_json(store.compare_set('failure', '', failure.to_json()).decode())


class Messenger(threading.Thread):
    """Tells the others how far this process is, and learns how they are, on a connection of its own.

    A store whose server hangs answers nobody, so that this thread may hang too: what it knows is read from its
    attributes, and :attr:`answered` tells how old that is.

    Args:
        rank: This process.
        world_size: Number of processes.
        timeout: Seconds in which the store must come up.
        run: As of :func:`connect`.
    """

    def __init__(self, rank: int, world_size: int, timeout: float, run: str = '') -> None:
        super().__init__(name='ltcl-messenger', daemon=True)
        self.rank, self.world_size = rank, world_size
        self.failure: Failure | None = None
        self.is_lost = False
        self.answered = time.monotonic()
        # Last message of each process, and when it last changed: a stopped process repeats its last one forever.
        self.heard: dict[int, tuple[str, float]] = {}
        self.claimed: Failure | None = None
        self._is_curious = False  # this process has waited for others in vain
        self._hurry = threading.Event()
        self._count = 0
        self._store = connect(timeout, run)

    def run(self) -> None:
        """Talk until the store is gone."""
        try:
            while True:
                self._talk()
                self.answered = time.monotonic()
                self._hurry.wait(PROGRESS.period)
                self._hurry.clear()
        except RuntimeError:  # the connection is closed: the process that serves the store has ended
            self.is_lost = True

    def _talk(self) -> None:
        self._count += 1
        waits = self._is_curious or is_waiting_for_others()
        told = dict(count=self._count, position=PROGRESS.position, waits=waits, place=place())
        self._store.set(f'at/{self.rank}', json.dumps(told))
        if self.claimed is not None:
            self.failure = claim(self._store, self.claimed)
        elif self._store.check(['failure']):
            self.failure = Failure.from_json(self._store.get('failure').decode())
        # Without a limit, as before the first iteration, others may take their time as long as they answer.
        is_late = PROGRESS.idle_seconds > PROGRESS.limit / 2 if PROGRESS.limit else waits
        if self._is_curious or is_late:
            self._ask_others()
        else:
            self.heard = {}

    def _ask_others(self) -> None:
        for rank in range(self.world_size):
            key = f'at/{rank}'
            told = self._store.get(key).decode() if self._store.check([key]) else ''
            if told != self.heard.get(rank, (None,))[0]:
                self.heard[rank] = told, time.monotonic()

    def claim(self, failure: Failure, patience: float = 5) -> Failure:
        """Put a failure down as the first one; the answer is the one that was first.

        Args:
            failure: What this process has found.
            patience: Seconds to wait for the store, after which the failure counts as the first one.
        """
        self.claimed = failure
        self._hurry.set()
        return self.wait_for_failure(patience) or failure

    def wait_for_failure(self, patience: float) -> Failure | None:
        """The first failure, as soon as it is known; None if the time is over."""
        self._is_curious = True
        until = time.monotonic() + patience
        while self.failure is None and not self.is_lost and time.monotonic() < until:
            time.sleep(0.05)
        return self.failure

    def excuse(self) -> None:
        """This process was stopped itself, and heard nobody for that time."""
        self.answered, self.heard = time.monotonic(), {}

    def gone(self, patience: float) -> list[int]:
        """The processes that have given no sign for so many seconds, or the one that serves the store."""
        return [0] if time.monotonic() - self.answered > patience else self.silent(patience)

    def silent(self, patience: float) -> list[int]:
        """The processes that have said nothing new for so many seconds while this one waited for a failure."""
        if self.is_lost:
            return [0]
        now = time.monotonic()
        return [rank for rank, (_, changed) in self.heard.items() if now - changed > patience]

    def who_stalls(self, patience: float) -> tuple[list[int], str]:
        """The processes for which the others wait, and what is known of them.

        Args:
            patience: Seconds without a sign after which a process counts as silent.
        """
        silent = self.gone(patience)
        if silent:
            return silent, NO_ANSWER
        told = {rank: json.loads(message) for rank, (message, _) in self.heard.items() if message}
        if not told:
            return [self.rank], place()
        last = min(message['position'] for message in told.values())
        behind = [rank for rank in told if told[rank]['position'] == last]
        if len(behind) == len(told):
            behind = [rank for rank in told if not told[rank]['waits']] or behind
        return behind, '; '.join(sorted({told[rank]['place'] for rank in behind}))
