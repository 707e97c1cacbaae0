"""Which code a run was of."""

import os
import subprocess
from pathlib import Path


def git_state(folder: Path) -> dict[str, str | bool | None]:
    """Commit of the repository whose root is the folder, and whether its tracked files differ from it.

    Returns:
        ``commit`` and ``uncommitted_changes``, both None if the folder is no repository's root or git is absent.
    """
    try:
        top, commit = _git(folder, 'rev-parse', '--show-toplevel', 'HEAD').splitlines()
        # An installed package lies in a virtual environment, often inside of a foreign repository.
        if Path(top).resolve() == folder.resolve():
            changed = bool(_git(folder, 'status', '--porcelain', '--untracked-files=no'))
            return {'commit': commit, 'uncommitted_changes': changed}
    except (OSError, subprocess.SubprocessError):
        pass
    return {'commit': None, 'uncommitted_changes': None}


def _git(folder: Path, *args: str) -> str:
    command = ['git', '-C', str(folder), *args]
    return os.fsdecode(subprocess.run(command, capture_output=True, timeout=5, check=True).stdout).strip()
