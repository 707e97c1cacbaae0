"""Where the library keeps what it need not make or fetch again."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """``$XDG_CACHE_HOME/ltcl``, or ``~/.cache/ltcl``; it may not exist yet."""
    base = os.environ.get('XDG_CACHE_HOME') or Path('~', '.cache').expanduser()
    return Path(base, 'ltcl')
