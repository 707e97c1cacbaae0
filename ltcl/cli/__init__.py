"""The command line: one file a command, which ``ltcl COMMAND`` finds by its name; ``tools/`` are doors to them.

What several commands need lies below, in :mod:`ltcl.launch`.
"""

import os

from ltcl.heap import keep_freed_memory
from ltcl.openmp import let_threads_sleep

let_threads_sleep(os.environ)
keep_freed_memory(os.environ)
