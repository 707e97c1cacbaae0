"""Why a process ends, in a form that others can read: the other processes, and the launcher."""

import contextlib
import dataclasses
import json
import os
import sys
import time
from pathlib import Path

from ltcl.neutral_text import MAX_LINE, visible

# A file for this process's failure. torchrun sets it as well, and quotes the message in its summary.
FILE_VARIABLE = 'TORCHELASTIC_ERROR_FILE'
# Process id of our own launcher, which prints the first failure itself, after all processes are gone.
LAUNCHER_VARIABLE = 'LTCL_LAUNCHER'


@dataclasses.dataclass(frozen=True)
class Failure:
    """The failure of one process.

    Args:
        message: One line.
        status: Exit status, for this process and for all that end because of it.
        rank: The process that failed, from 0; None where there is one process, or where the message names it.
        moment: Seconds since 1970. Of two failures the earlier one is the cause.
        is_guess: Whether it is only the loss of a connection, whose cause somebody else may know.
    """

    message: str
    status: int
    rank: int | None = None
    moment: float = dataclasses.field(default_factory=time.time)
    is_guess: bool = False

    def __str__(self) -> str:
        message = visible(self.message, keep='\n', width=MAX_LINE)
        return f'error: {message}' + ('' if self.rank is None else f' (rank {self.rank})')

    def to_json(self) -> str:
        """All fields, as text."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> 'Failure':
        """The inverse of :meth:`to_json`."""
        return cls(**json.loads(text))

    def report(self, is_mine: bool = True) -> None:
        """Leave it where a launcher looks, in the layout that torchrun reads, and print it if no launcher of ours will.

        Args:
            is_mine: Whether this process found it; of several processes one prints.
        """
        if is_mine and LAUNCHER_VARIABLE not in os.environ:
            print(self, file=sys.stderr, flush=True)
        path = os.environ.get(FILE_VARIABLE)
        if path:
            extra = {'timestamp': str(int(self.moment)), 'py_callstack': str(self), 'ltcl': dataclasses.asdict(self)}
            with contextlib.suppress(OSError):
                Path(path).write_text(json.dumps({'message': {'message': str(self), 'extraInfo': extra}}))


def read_failure(path: Path) -> Failure | None:
    """What a process left with :meth:`Failure.report`; None if it left nothing."""
    try:
        return Failure(**json.loads(path.read_text())['message']['extraInfo']['ltcl'])
    except (OSError, ValueError, LookupError, TypeError):
        return None
