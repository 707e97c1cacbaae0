"""How a command reads its words: complaints in one line, help with examples."""

import argparse
import difflib
import functools
import sys
from collections.abc import Callable
from typing import Any, NoReturn


class ArgumentParser(argparse.ArgumentParser):
    """A parser whose complaint is one line, not a screen of usage, and whose help ends with examples.

    Args:
        description: What the command does; its line breaks are kept. A last paragraph ``examples:`` ends the help.
        **options: As of ``argparse.ArgumentParser``.
    """

    def __init__(self, description: str = '', **options: Any) -> None:
        about, mark, examples = description.partition('\nexamples:')
        options.update(epilog=mark + examples, formatter_class=argparse.RawDescriptionHelpFormatter)
        super().__init__(description=about, **options)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As of ``argparse.ArgumentParser``; an unknown option is answered with the nearest one."""
        parsed, unknown = self.parse_known_args(args, namespace)
        if unknown:
            name = unknown[0].partition('=')[0]
            similar = difflib.get_close_matches(name, self._option_string_actions, n=1) if name[:1] == '-' else []
            hint = f': did you mean {similar[0]}?' if similar else ''
            self.error(f'unrecognized arguments: {" ".join(unknown)}{hint}')
        return parsed

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and exit with status 2."""
        self.exit(2, f'error: {message}; {self.prog} --help lists the options\n')


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
        @functools.wraps(run)
        def read_and_run() -> None:
            parser = ArgumentParser(sys.modules[run.__module__].__doc__ or '')
            options(parser)
            run(parse(parser))

        @functools.wraps(read_and_run)
        def main() -> None:
            from ltcl.launch import report_user_errors  # not at the top: `ltcl --help` does without

            report_user_errors(read_and_run)()

        return main

    return decorate
