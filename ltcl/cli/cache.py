"""Show what ltcl keeps on this machine from one run to the next, and remove it.

It lies in $XDG_CACHE_HOME/ltcl (~/.cache/ltcl): features of frozen encoders, fingerprints of images, downloads. All of
it is made or fetched again when it is wanted, so removing it costs time only.

examples:
  ltcl cache
  ltcl cache --clear features
  ltcl cache --clear all
"""

import argparse
import shutil
from pathlib import Path

from ltcl.errors import UserError
from ltcl.files import cache_folder
from ltcl.neutral_text import visible

from .parser import ArgumentParser, command

ALL = 'all'


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    parser.add_argument('--clear', metavar='NAME', help=f'remove what is kept under a name, or {ALL}')


@command(options)
def main(args: argparse.Namespace) -> None:
    """List the entries, or remove some."""
    entries = {path.name: path for path in sorted(cache_folder().glob('*'))}
    if args.clear is None:
        print(f'{visible(str(cache_folder()))}: {in_megabytes(sum(map(size_of, entries.values())))}')
        for name, path in entries.items():
            print(f'  {visible(name, width=36):36} {in_megabytes(size_of(path)):>12}')
        return
    if args.clear not in (ALL, *entries):
        kept = f'there is {", ".join(entries)}' if entries else 'nothing is kept'
        raise UserError(f'--clear {args.clear}: {kept}; {ALL} removes everything')
    chosen = entries.values() if args.clear == ALL else [entries[args.clear]]
    freed = sum(map(size_of, chosen))
    for path in chosen:
        remove(path)
    print(f'removed: {in_megabytes(freed)}')


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a folder."""
    files = path.rglob('*') if path.is_dir() else [path]
    return sum(each.lstat().st_size for each in files if each.is_file())


def in_megabytes(size: int) -> str:
    """A number of bytes as people say it."""
    return f'{size / 1e6:,.1f} MB'


def remove(path: Path) -> None:
    """Remove a file or a folder.

    Raises:
        UserError: It is not allowed.
    """
    try:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f'cannot remove {path} ({error.strerror or error})') from error
