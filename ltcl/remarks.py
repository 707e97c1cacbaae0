"""Imports without what OpenMMLab's packages print on an optional package of their authors."""

import contextlib
import io
import threading
from collections.abc import Iterator

REMARK = 'Could not import OneDL'
REDIRECTING = threading.RLock()


@contextlib.contextmanager
def without_remarks() -> Iterator[None]:
    """Import without what OpenMMLab's packages print on an optional package of their authors."""
    printed = io.StringIO()
    # Of two threads that redirect at a time, the second would leave the first one's buffer behind as standard output.
    with REDIRECTING:
        try:
            with contextlib.redirect_stdout(printed):
                yield
        finally:
            lines = printed.getvalue().splitlines(keepends=True)
            print(*(line for line in lines if line.strip() != REMARK), sep='', end='')
