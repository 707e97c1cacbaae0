"""Make a long-tailed data set of 22 classes of clip art, which needs no registration and 131 MB of network.

The pictures come from the Debian package openclipart-png: a .deb file of it in the data root, the installed package, or
a download by apt-get, which needs no root. Each becomes 256 pixels wide or high at most, on white. Of copies one is
kept; pictures in several classes are left out. 30 % of each class are for testing. The same everywhere; safe to stop
and to run again.

examples:
  ltcl data openclipart --data-root data/openclipart
"""

import argparse
from pathlib import Path

from rich.console import Console

from ltcl.launch import import_mmpretrain
from ltcl.openclipart.folder import make_openclipart

from .parser import ArgumentParser, command


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    default = Path('data/openclipart')
    parser.add_argument('--data-root', type=Path, default=default, help=f'folder to fill (default: {default})')


@command(options)
def main(args: argparse.Namespace) -> None:
    """Command line."""
    import_mmpretrain()  # which ltcl.datasets brings along
    make_openclipart(args.data_root, Console())
