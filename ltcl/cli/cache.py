"""Show what ltcl keeps on this machine from one run to the next, and remove it.

It lies in $XDG_CACHE_HOME/ltcl (~/.cache/ltcl): features of frozen encoders, fingerprints of images, downloads. All of
it is made or fetched again when it is wanted, so removing it costs time only, also while a run reads it. Nothing goes
by itself.

examples:
  ltcl cache
  ltcl cache --clear features
  ltcl cache --clear features --keep 5GB
  ltcl cache --clear all
"""

import argparse
import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ltcl.errors import UserError
from ltcl.files import cache_folder
from ltcl.neutral_text import visible

from .parser import ArgumentParser, command

ALL = 'all'
FEATURES = 'features'
UNITS = {'MB': 1e6, 'GB': 1e9}


class Entry(NamedTuple):
    """A file: when it was used last, in seconds, and its size in bytes."""

    used: float
    size: int
    path: Path


def size(text: str) -> int:
    """Bytes of a number with its unit, as people say it.

    Raises:
        ValueError: It has no unit.
    """
    found = re.fullmatch(r'(\d+(?:\.\d+)?) ?([MG]B)', text.strip(), re.IGNORECASE)
    if not found:
        raise argparse.ArgumentTypeError(f'{text} is no size such as 500MB or 5GB')
    return round(float(found[1]) * UNITS[found[2].upper()])


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    parser.add_argument('--clear', metavar='NAME', help=f'remove what is kept under a name, or {ALL}')
    parser.add_argument(
        '--keep', type=size, metavar='SIZE', help=f'with --clear {FEATURES}: leave those used last, such as 5GB of them'
    )


@command(options)
def main(args: argparse.Namespace) -> None:
    """List the entries, or remove some."""
    entries = {path.name: path for path in sorted(cache_folder().glob('*'))}
    if args.keep is not None and args.clear != FEATURES:
        raise UserError(f'--keep goes with --clear {FEATURES}, which say when they were used last')
    if args.clear is None:
        print(f'{visible(str(cache_folder()))}: {in_megabytes(sum(map(size_of, entries.values())))}')
        for name, path in entries.items():
            print(f'  {visible(name, width=36):36} {in_megabytes(size_of(path)):>12}')
        return
    if args.clear not in (ALL, *entries):
        kept = f'there is {", ".join(entries)}' if entries else 'nothing is kept'
        raise UserError(f'--clear {args.clear}: {kept}; {ALL} removes everything')
    chosen = entries.values() if args.clear == ALL else [entries[args.clear]]
    freed = sum(remove(path, args.keep or 0) for path in chosen)
    left = f', left: {in_megabytes(size_of(entries[FEATURES]))}' if args.keep else ''
    print(f'removed: {in_megabytes(freed)}{left}')


def files_of(path: Path) -> Iterator[Entry]:
    """A file, or all files below a folder, but for those that vanish meanwhile."""
    for each in path.rglob('*') if path.is_dir() else [path]:
        with contextlib.suppress(FileNotFoundError):
            if each.is_file() or each.is_symlink():
                status = each.lstat()
                yield Entry(status.st_mtime, status.st_size, each)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a folder."""
    return sum(each.size for each in files_of(path))


def in_megabytes(size: int) -> str:
    """A number of bytes as people say it."""
    return f'{size / 1e6:,.1f} MB'


def remove(path: Path, kept: int = 0) -> int:
    """Remove a file or a folder, or the files in it that were used longest ago.

    A run that writes to it meanwhile goes on: what it has written since stays.

    Args:
        path: The file or folder.
        kept: Bytes that may stay.

    Returns:
        Bytes that were removed.

    Raises:
        UserError: It is not allowed.
    """
    freed = 0
    try:
        for each in sorted(files_of(path), reverse=True):
            kept -= each.size
            if kept < 0:
                each.path.unlink(missing_ok=True)
                freed += each.size
    except OSError as error:
        raise UserError(f'cannot remove {error.filename or path} ({error.strerror or error})') from error
    _drop_empty(path)
    return freed


def _drop_empty(path: Path) -> None:
    """Remove the folders that have nothing left, the innermost first."""
    if path.is_dir():
        for folder in (*sorted(filter(Path.is_dir, path.rglob('*')), reverse=True), path):
            with contextlib.suppress(OSError):
                folder.rmdir()
