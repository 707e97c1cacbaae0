"""List the configs that come with ltcl, by method; words choose those whose names have them all."""

import argparse
import signal
from itertools import groupby

from ltcl.errors import UserError
from ltcl.launch import report_user_errors
from ltcl.shipped import PREFIX, shipped_configs

from .parser import ArgumentParser


def parse_args() -> argparse.Namespace:
    """Words and options of the command."""
    parser = ArgumentParser(__doc__, ('ltcl list', 'ltcl list paco imagenet-lt', 'ltcl train $(ltcl list gpaco small)'))
    parser.add_argument('words', nargs='*', metavar='WORD', help='parts of names, such as bcl, resnet50 or cifar100-lt')
    return parser.parse_args()


@report_user_errors
def main() -> None:
    """Print one name a line, a blank line between methods.

    Raises:
        UserError: No config has these words in its name.
    """
    words = parse_args().words
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` may stop reading
    names = [name for name in shipped_configs() if all(word.lower() in name.lower() for word in words)]
    if not names:
        raise UserError(f'no config has {" and ".join(words)} in its name: `ltcl list` shows all')
    methods = [list(same) for _, same in groupby(names, key=lambda name: name.rpartition('/')[0])]
    print('\n\n'.join('\n'.join(f'{PREFIX}{name}' for name in same) for same in methods))
