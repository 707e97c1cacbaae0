"""Put the four files of Fashion-MNIST into the data root.

They come from the first of these that has them: the data root itself (also as .gz), torchvision's download, the Debian
package dataset-fashion-mnist. Every file is compared with its published checksum. Safe to run again.

examples:
  ltcl data fashion-mnist --data-root data/fashion_mnist
"""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from ltcl.fashion_mnist.getting import get_fashion_mnist

from .parser import ArgumentParser, command


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    default = Path('data/fashion_mnist')
    parser.add_argument('--data-root', type=Path, default=default, help=f'folder to fill (default: {default})')


@command(options)
def main(args: argparse.Namespace) -> None:
    """Status 1 and one line when no source has the files."""
    try:
        get_fashion_mnist(args.data_root, Console(stderr=True))
    except KeyboardInterrupt:
        sys.exit('interrupted: no file is half written, run this again')
