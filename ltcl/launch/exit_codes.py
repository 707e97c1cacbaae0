"""What the exit status of a tool says; ``docs/clusters.md`` has the table.

A tool alone, each of several processes, and the launcher that started them return the same. Argparse returns 2 for
words that it does not know.
"""

DONE = 0
"""Everything that was asked is done."""
FAILED = 1
"""A mistake of the user in one line, or an error with its traceback."""
USAGE = 2
"""The command line is wrong."""
NOT_SAVED = 3
"""The training went to its end, and its last checkpoint could not be written."""
UNREADABLE = 4
"""Some images could not be read; all others are answered."""
STALLED = 124
"""A process made no progress for ``stall_timeout`` seconds."""


def stopped_by(number: int) -> int:
    """Status of a run that a signal stopped; ``--resume auto`` goes on.

    Args:
        number: Number of the signal: 2 SIGINT (Ctrl-C), 15 SIGTERM, 1 SIGHUP, 10 SIGUSR1, 12 SIGUSR2 on Linux.
    """
    return 128 + number
