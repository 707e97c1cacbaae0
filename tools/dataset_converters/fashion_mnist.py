"""Put the four files of Fashion-MNIST into the data root.

They come from the first of these that has them: the data root itself (also as .gz), torchvision's download, the Debian
package dataset-fashion-mnist. Every file is compared with its published checksum. Safe to run again.

    python tools/dataset_converters/fashion_mnist.py --data-root data/fashion_mnist
"""

import argparse
import gzip
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from ltcl.errors import UserError
from ltcl.fashion_mnist_files import SHA256, is_intact, read_verified
from ltcl.neutral_text import markup

DEBIAN_PACKAGE = 'dataset-fashion-mnist'
DEBIAN_FOLDER = Path('usr/share/datasets/fashion-mnist')
NETWORK_SECONDS = 10
APT_SECONDS = 300


class SourceError(Exception):
    """Why one source cannot give the files; the next one is tried."""


def missing_files(data_root: Path) -> list[str]:
    """Names of the files that are not in the data root, or not the published ones."""

    def is_missing(name: str) -> bool:
        try:
            read_verified(data_root, name)
        except UserError:
            return True
        return False

    return [name for name in SHA256 if is_missing(name)]


def from_data_root(data_root: Path, console: Console) -> None:
    """Unpack what the data root holds as .gz and lacks unpacked.

    Raises:
        SourceError: Files are still missing.
    """
    names = missing_files(data_root)
    lacking = [name for name in names if not (data_root / f'{name}.gz').exists()]
    if lacking:
        raise SourceError(f'lacks an intact {", ".join(lacking)}')
    unpack(data_root, data_root, names)


def from_torchvision(data_root: Path, console: Console) -> None:
    """Download from the mirrors that torchvision knows.

    Raises:
        SourceError: No mirror answers, or torchvision is not installed.
    """
    try:
        from torchvision.datasets import FashionMNIST
    except ImportError as error:
        raise SourceError('torchvision is not installed') from error
    for name in missing_files(data_root):
        write_verified(data_root, name, gunzip(name, download(f'{name}.gz', FashionMNIST.mirrors, console)))


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


SOURCES = {
    'the data root': from_data_root,
    "torchvision's download": from_torchvision,
    f'the Debian package {DEBIAN_PACKAGE}': from_debian_package,
}


def download(file: str, mirrors: list[str], console: Console) -> bytes:
    """Content of ``file`` from the first mirror that answers, with a progress bar."""
    reason = 'there is no mirror'
    for mirror in mirrors:
        try:
            with urllib.request.urlopen(mirror + file, timeout=NETWORK_SECONDS) as response:
                return b''.join(chunks_with_progress(file, response, console))
        except (OSError, HTTPException) as error:
            reason = str(error)
    raise SourceError(f'cannot download {file}: {reason}')


def chunks_with_progress(file: str, response, console: Console) -> Iterator[bytes]:
    """Pieces of a response, while a bar shows how far it is."""
    size = response.headers.get('Content-Length')
    columns = TextColumn('{task.description}'), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task(file, total=int(size) if size else None)
        while chunk := response.read(1 << 16):
            progress.advance(task, len(chunk))
            yield chunk


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
    try:
        subprocess.run(
            command,
            cwd=folder,
            check=True,
            timeout=APT_SECONDS,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(f'{command[0]} did not end within {APT_SECONDS} s') from error
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines() or [f'{command[0]} ended with status {error.returncode}']
        raise SourceError(lines[-1]) from error


def unpack(folder: Path, data_root: Path, names: list[str]) -> None:
    """Unpack ``names`` from the .gz files of ``folder`` into the data root."""
    for name in names:
        try:
            packed = (folder / f'{name}.gz').read_bytes()
        except OSError as error:
            raise SourceError(f'cannot read {error.filename}') from error
        write_verified(data_root, name, gunzip(name, packed))


def gunzip(name: str, packed: bytes) -> bytes:
    """Content of a .gz file.

    Raises:
        SourceError: It is damaged.
    """
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f'{name}.gz is damaged') from error


def write_verified(data_root: Path, name: str, content: bytes) -> None:
    """Write one file whole or not at all, after its checksum was compared.

    Raises:
        SourceError: The content is not the published one.
    """
    if not is_intact(name, content):
        raise SourceError(f'the content of {name} is not the published one (SHA-256)')
    data_root.mkdir(parents=True, exist_ok=True)
    partial = data_root / f'{name}.{os.getpid()}.partial'
    try:
        partial.write_bytes(content)
        os.replace(partial, data_root / name)
    finally:
        partial.unlink(missing_ok=True)


def get_fashion_mnist(data_root: Path, console: Console) -> None:
    """Fill the data root from the first source that can.

    Args:
        data_root: Folder of the four uncompressed files, made when needed.
        console: Where progress and the source are printed.

    Raises:
        UserError: No source has the files; names each with its reason.
    """
    if not missing_files(data_root):
        console.print(f'Fashion-MNIST is in {markup(data_root)}, all checksums match', soft_wrap=True)
        return
    reasons = []
    for source, fetch in SOURCES.items():
        try:
            fetch(data_root, console)
        except SourceError as error:
            reasons.append(f'{source} ({error})')
        except OSError as error:
            raise UserError(f'cannot write to {data_root}: {error}') from error
        else:
            console.print(
                f'Fashion-MNIST from {source} is now in {markup(data_root)}, all checksums match', soft_wrap=True
            )
            return
    raise UserError(
        f'Fashion-MNIST is in none of its three places, {"; ".join(reasons)}: '
        f'connect to a network, or put the four .gz files of the original release into {data_root}, and run this again'
    )


def main() -> None:
    """Command line; status 1 and one line when no source has the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data-root', type=Path, default=Path('data/fashion_mnist'))
    args = parser.parse_args()
    try:
        get_fashion_mnist(args.data_root, Console(stderr=True))
    except UserError as error:
        sys.exit(f'error: {error}')
    except KeyboardInterrupt:
        sys.exit('interrupted: no file is half written, run this again')


if __name__ == '__main__':
    main()
