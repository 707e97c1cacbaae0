"""The most memory that a call holds at a time, as Python and NumPy ask for it; what lies on the disk is not in it."""

import tracemalloc
from collections.abc import Callable


def peak(function: Callable[[], object]) -> int:
    """Bytes."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
