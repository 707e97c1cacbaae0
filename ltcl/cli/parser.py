"""How a command reads its words: complaints in one line, help with examples."""

import argparse
from typing import Any, NoReturn


class ArgumentParser(argparse.ArgumentParser):
    """A parser whose complaint is one line, not a screen of usage, and whose help ends with examples.

    Args:
        description: What the command does; its line breaks are kept. A last paragraph ``examples:`` ends the help.
        **options: As of ``argparse.ArgumentParser``.
    """

    def __init__(self, description: str = '', **options: Any) -> None:
        about, mark, examples = description.partition('\nexamples:')
        super().__init__(
            description=about, epilog=mark + examples, formatter_class=argparse.RawDescriptionHelpFormatter, **options
        )

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and exit with status 2."""
        self.exit(2, f'error: {message}; {self.prog} --help lists the options\n')
