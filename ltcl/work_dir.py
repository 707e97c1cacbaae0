"""The folder of a run: one run at a time, and no run over another's files."""

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from filelock import Timeout

from .errors import UserError
from .file_locks import file_lock

AUTO = 'auto'
"""What ``--resume`` is to stand for the newest checkpoint of the work dir."""
POINTER = 'last_checkpoint'
"""File in a work dir that names the newest checkpoint."""
LOCK_FILE = '.lock'
LOCK_SECONDS = 20
"""How long a start waits for the lock: the workers of a killed process hold it for some seconds more."""
APART = 'previous_{}'
HELD: set[Path] = set()
"""Work dirs that this process has locked."""


def require_writable(work_dir: str | Path) -> None:
    """Try to write where the work dir is or will be, before anything is built; nothing is left there.

    Raises:
        UserError: It cannot be made or written to.
    """
    path = Path(work_dir).absolute()
    try:
        there = next(each for each in (path, *path.parents) if each.exists())
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b'0' * 4096)
    except OSError as error:
        raise UserError(
            f'the work dir {work_dir} cannot be written to ({error.strerror or error}): name another with --work-dir'
        ) from error


@contextlib.contextmanager
def locked(work_dir: str | Path) -> Iterator[None]:
    """Keep other trainings out of a work dir; the lock ends with the process, whatever ends it.

    It is held from the first file that is written to the last, so a command holds it around what locks for itself:
    within a process that has it, it is there for the taking. Of several processes the first one takes it. A work dir
    that was made for it goes if nothing came into it.

    Raises:
        UserError: Another training holds it.
    """
    folder = Path(work_dir).resolve()
    if folder in HELD or os.environ.get('RANK', '0') != '0':
        yield
        return
    HELD.add(folder)
    try:
        with _made(folder), _alone(folder, work_dir):
            yield
    finally:
        HELD.remove(folder)


@contextlib.contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Make a folder; what was made and has stayed empty goes again."""
    new = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # another has come into it, or into the folder above, or taken them away
            if new and {path.name for path in folder.iterdir()} <= {LOCK_FILE}:
                Path(folder, LOCK_FILE).unlink(missing_ok=True)
                for each in new:
                    each.rmdir()


@contextlib.contextmanager
def _alone(folder: Path, work_dir: str | Path) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(file_lock(folder / LOCK_FILE, LOCK_SECONDS))
        except Timeout:
            raise UserError(
                f'another training is writing to the work dir {work_dir}: wait for its end, or name another with '
                '--work-dir'
            ) from None
        except OSError:  # the lock file of another user, as in a folder of a group
            pass
        yield


def name_of_checkpoint(path: str | Path) -> str:
    """Name of a model: work dir and checkpoint, without the place where they lie, such as ``birds/epoch_20``."""
    path = Path(path).resolve()
    return f'{path.parent.name}/{path.stem}'


def move_apart(work_dir: str | Path, files: Iterable[Path]) -> Path:
    """Move files of an earlier run into a folder of their own in the work dir.

    Args:
        work_dir: The work dir.
        files: Files and folders in it, at least one.

    Returns:
        The folder: ``previous_1``, ``previous_2``, ...
    """
    number = 1
    while Path(work_dir, APART.format(number)).exists():
        number += 1
    folder = Path(work_dir, APART.format(number))
    folder.mkdir()
    for path in files:
        os.replace(path, folder / path.name)
    return folder
