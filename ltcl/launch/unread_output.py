"""Output that nobody reads any more, as in ``ltcl train ... | head``: no reason to end a training."""

import errno
import functools
import io
import sys

# What a system says of a pipe whose reader has ended, and of a terminal that is gone.
UNREAD = (errno.EPIPE, errno.EIO)


def outlive_readers() -> None:
    """Let what is written to standard output and error be lost once their reader is gone.

    Else the next line that is printed ends the process, rich without an exception that could be caught as an error,
    and what was trained is not saved. Other errors, such as a full disk, stay. A second call changes nothing.
    """
    for stream in (sys.stdout, sys.stderr):
        buffer = getattr(stream, 'buffer', None)
        file = getattr(buffer, 'raw', buffer)  # `python -u` has no buffer between
        if isinstance(file, io.FileIO):  # notebooks put other objects there
            file.write = functools.partial(_write, file)  # type: ignore[method-assign]


def _write(file: io.FileIO, content: bytes) -> int | None:
    try:
        return io.FileIO.write(file, content)
    except OSError as error:
        if error.errno not in UNREAD:
            raise
        return len(content)
