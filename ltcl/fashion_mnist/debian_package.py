"""Fashion-MNIST from Debian's package of it."""

import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from rich.console import Console

from .files import SourceError, missing_files, unpack

DEBIAN_PACKAGE = 'dataset-fashion-mnist'
DEBIAN_FOLDER = Path('usr/share/datasets/fashion-mnist')
NETWORK_SECONDS = 10
APT_SECONDS = 300


def from_debian_package(data_root: Path, console: Console) -> None:
    """Take the files of the Debian package, installed or downloaded; needs no root and changes no system folder.

    Raises:
        SourceError: The package cannot be had, or its content is not the published one.
    """
    installed = Path('/') / DEBIAN_FOLDER
    if installed.is_dir():
        unpack(installed, data_root, missing_files(data_root))
        return
    if not (shutil.which('apt-get') and shutil.which('dpkg-deb')):
        raise SourceError('apt-get and dpkg-deb are not on this machine')
    with tempfile.TemporaryDirectory() as folder:
        package = download_package(Path(folder), console)
        run(['dpkg-deb', '-x', package.name, 'content'], package.parent)
        unpack(package.parent / 'content' / DEBIAN_FOLDER, data_root, missing_files(data_root))


def download_package(folder: Path, console: Console) -> Path:
    """The .deb file in ``folder``; package lists that do not name it are fetched anew, into ``folder``."""
    lists, cache = folder / 'lists', folder / 'cache'
    for part in (lists, cache / 'archives'):
        (part / 'partial').mkdir(parents=True)
    options = ['-o', f'Acquire::http::Timeout={NETWORK_SECONDS}', '-o', 'Acquire::Retries=1']
    # Lists of our own leave the system's untouched and need no root; apt's sandbox user could not enter the folder.
    own_lists = ['-o', f'Dir::State::lists={lists}', '-o', f'Dir::Cache={cache}', '-o', 'APT::Sandbox::User=root']
    with console.status(f'Downloading the Debian package {DEBIAN_PACKAGE} (31 MB)'):
        try:
            run(['apt-get', *options, 'download', DEBIAN_PACKAGE], folder)
        except SourceError:
            # One unreachable third-party repository fails the update, though the package's own lists have come.
            with suppress(SourceError):
                run(['apt-get', *options, *own_lists, 'update'], folder)
            run(['apt-get', *options, *own_lists, 'download', DEBIAN_PACKAGE], folder)
    return next(folder.glob('*.deb'))


def run(command: list[str], folder: Path) -> None:
    """Run a command in ``folder``; its last line of errors is the reason when it fails."""
    how: Any = dict(check=True, timeout=APT_SECONDS, text=True, stdin=subprocess.DEVNULL, capture_output=True)
    try:
        subprocess.run(command, cwd=folder, **how)
    except subprocess.TimeoutExpired as error:
        raise SourceError(f'{command[0]} did not end within {APT_SECONDS} s') from error
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines() or [f'{command[0]} ended with status {error.returncode}']
        raise SourceError(lines[-1]) from error
