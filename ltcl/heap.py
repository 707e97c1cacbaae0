"""What becomes of memory that is freed, which glibc decides by the size of a block.

Blocks of more than 32 MB are fetched from the system and given back each time. Activations are such blocks: at every
operation the system clears their pages again, which took half the time of an evaluation on a CPU
(``docs/performance.md``). Kept, they are there for the next operation.
"""

import ctypes
import sys
from collections.abc import Mapping

# Parameters of mallopt(3), and the name of each in the environment.
TRIM_THRESHOLD = -1
MMAP_MAX = -4
NAMES = ('MALLOC_MMAP_MAX_', 'MALLOC_MMAP_THRESHOLD_', 'MALLOC_TRIM_THRESHOLD_', 'MALLOC_TOP_PAD_')
# The largest that mallopt takes: memory is given back only if so many bytes at the end of the heap are free.
MOST_BYTES = 2**31 - 1


def keep_freed_memory(environment: Mapping[str, str]) -> bool:
    """Have this process, and those it forks, use freed memory again in place of giving it back.

    Args:
        environment: ``os.environ``; a variable of glibc's in it says how memory is kept, and nothing is changed then.

    Returns:
        Whether it was set; other C libraries than glibc have no such setting.
    """
    if sys.platform != 'linux' or any(name in environment for name in NAMES):
        return False
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    return mallopt is not None and bool(mallopt(MMAP_MAX, 0) and mallopt(TRIM_THRESHOLD, MOST_BYTES))
