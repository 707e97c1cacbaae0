"""yapf formats configs, and keeps its grammar in a file that can be half-written."""

import importlib
import time
from importlib.metadata import version
from pathlib import Path

# yapf gives the file its name before all of it is on the disk.
WAITS, SECONDS = 5, 0.2


def import_yapf() -> None:
    """Import yapf as soon as its grammar can be read.

    The first process of a machine writes the grammar, and others that start at the same time may read a part of it:
    they wait. A process that was killed then leaves a part for good: it is removed, and yapf writes it anew.
    """
    for _ in range(WAITS):
        if _is_imported():
            return
        time.sleep(SECONDS)
    _remove_grammar()
    importlib.import_module('yapf')


def _is_imported() -> bool:
    try:
        importlib.import_module('yapf')
    except ImportError:
        raise
    except Exception:  # what a part of a pickle raises is not told
        return False
    return True


def _remove_grammar() -> None:
    from platformdirs import user_cache_dir  # a requirement of yapf

    for path in Path(user_cache_dir('YAPF', 'Google', version('yapf'))).glob('*.pickle'):
        path.unlink(missing_ok=True)
