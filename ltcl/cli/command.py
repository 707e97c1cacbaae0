"""How the file of a command becomes something to call: its options, then what it does with them."""

import argparse
import functools
import sys
from collections.abc import Callable

from ltcl.launch import report_user_errors

from .parser import ArgumentParser


def command(
    options: Callable[[ArgumentParser], None],
    parse: Callable[[ArgumentParser], argparse.Namespace] = ArgumentParser.parse_args,
) -> Callable[[Callable[[argparse.Namespace], None]], Callable[[], None]]:
    """Decorate what a command does, so that it reads the command line and answers a user's mistake in one line.

    The help says of the command what its file does in its first lines, and ends with the examples that stand there.

    Args:
        options: Adds the words and options to a parser.
        parse: Reads the command line.
    """

    def decorate(run: Callable[[argparse.Namespace], None]) -> Callable[[], None]:
        @report_user_errors
        @functools.wraps(run)
        def main() -> None:
            parser = ArgumentParser(sys.modules[run.__module__].__doc__ or '')
            options(parser)
            run(parse(parser))

        return main

    return decorate
