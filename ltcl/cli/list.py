"""List the configs that come with ltcl, by method; words choose those whose names have them all.

examples:
  ltcl list
  ltcl list paco imagenet-lt
  ltcl train $(ltcl list gpaco small)
"""

import argparse
import signal
from itertools import groupby

from ltcl.errors import UserError
from ltcl.shipped import PREFIX, shipped_configs

from .parser import ArgumentParser, command


def options(parser: ArgumentParser) -> None:
    """Words and options of the command."""
    parser.add_argument('words', nargs='*', metavar='WORD', help='parts of names, such as bcl, resnet50 or cifar100-lt')


@command(options)
def main(args: argparse.Namespace) -> None:
    """Print one name a line, a blank line between methods.

    Raises:
        UserError: No config has these words in its name.
    """
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` may stop reading
    names = [name for name in shipped_configs() if all(word.lower() in name.lower() for word in args.words)]
    if not names:
        raise UserError(f'no config has {" and ".join(args.words)} in its name: `ltcl list` shows all')
    methods = [list(same) for _, same in groupby(names, key=lambda name: name.rpartition('/')[0])]
    print('\n\n'.join('\n'.join(f'{PREFIX}{name}' for name in same) for same in methods))
