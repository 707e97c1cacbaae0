"""Files of a Debian package, installed or downloaded. Imports no torch, needs no root and changes no system folder."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from .errors import SourceError

NETWORK_SECONDS = 10
APT_SECONDS = 300


@dataclass(frozen=True)
class DebianPackage:
    """A package and where its files lie.

    Attributes:
        name: Of the package.
        folder: Of its files, below the root of the system.
        megabytes: Size of the download.
    """

    name: str
    folder: Path
    megabytes: int

    @contextmanager
    def files(self, console: Console, given: Path | None = None, workspace: Path | None = None) -> Iterator[Path]:
        """The folder of the files, for as long as it is needed.

        Args:
            console: Where progress is shown.
            given: A ``.deb`` file of the package, which is taken before all else.
            workspace: Folder to unpack below; None takes the system's for temporary files.

        Raises:
            SourceError: The package cannot be had or is damaged.
        """
        installed = Path('/') / self.folder
        if given is None and installed.is_dir():
            yield installed
            return
        self._check_programs(given)
        with tempfile.TemporaryDirectory(dir=workspace) as folder:
            package = (given or self._download(Path(folder), console)).absolute()
            run(['dpkg-deb', '-x', package, 'content'], Path(folder), APT_SECONDS)
            unpacked = Path(folder) / 'content' / self.folder
            if not unpacked.is_dir():
                raise SourceError(f'{package.name} has no folder {self.folder}')
            yield unpacked

    @staticmethod
    def _check_programs(given: Path | None) -> None:
        lacking = [name for name in ('apt-get', 'dpkg-deb') if not shutil.which(name)]
        if lacking and not (given and 'dpkg-deb' not in lacking):
            verb = 'is' if len(lacking) == 1 else 'are'
            raise SourceError(f'{" and ".join(lacking)} {verb} not on this machine')

    def _download(self, folder: Path, console: Console) -> Path:
        """The .deb file in ``folder``; package lists that do not name it are fetched anew, into ``folder``."""
        lists, cache = folder / 'lists', folder / 'cache'
        for part in (lists, cache / 'archives'):
            (part / 'partial').mkdir(parents=True)
        options = ['-o', f'Acquire::http::Timeout={NETWORK_SECONDS}', '-o', 'Acquire::Retries=1']
        # Lists of our own leave the system's untouched and need no root; apt's sandbox user could not enter the folder.
        own_lists = ['-o', f'Dir::State::lists={lists}', '-o', f'Dir::Cache={cache}', '-o', 'APT::Sandbox::User=root']
        seconds = APT_SECONDS + 10 * self.megabytes  # a slow line still gives 100 KB a second
        with console.status(f'Downloading the Debian package {self.name} ({self.megabytes} MB)'):
            try:
                run(['apt-get', *options, 'download', self.name], folder, seconds)
            except SourceError:
                # One unreachable third-party repository fails the update, though the package's own lists have come.
                with suppress(SourceError):
                    run(['apt-get', *options, *own_lists, 'update'], folder, APT_SECONDS)
                run(['apt-get', *options, *own_lists, 'download', self.name], folder, seconds)
        return next(folder.glob('*.deb'))


def run(command: list[str | Path], folder: Path, seconds: float) -> None:
    """Run a command in ``folder``; its last line of errors is the reason when it fails.

    Raises:
        SourceError: It fails or does not end in time.
    """
    try:
        subprocess.run(
            command, cwd=folder, check=True, timeout=seconds, text=True, stdin=subprocess.DEVNULL, capture_output=True
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(f'{command[0]} did not end within {seconds:g} s') from error
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines() or [f'{command[0]} ended with status {error.returncode}']
        raise SourceError(lines[-1]) from error
