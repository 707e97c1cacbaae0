"""Whether a work dir is held by a training, and file systems without locks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from filelock import FileLock, Timeout

from ltcl.work_dir import LOCK_FILE


def is_locked(work_dir: Path) -> bool:
    """Whether another process would have to wait."""
    try:
        with FileLock(work_dir / LOCK_FILE, timeout=0):
            return False
    except Timeout:
        return True


def when_locked(function: Callable, work_dir: Path, held: list[bool]) -> Callable:
    """The function, which notes at each call whether the work dir is held."""

    def noted(*args: Any, **kwargs: Any) -> Any:
        held.append(is_locked(work_dir))
        return function(*args, **kwargs)

    return noted


def take_locks_away(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Make every file system one without locks, as which it answers with an ``errno``."""

    def unsupported(*_: Any) -> NoReturn:
        raise OSError(number, 'no locks')

    monkeypatch.setattr('fcntl.flock', unsupported)
