"""Exceptions of the library: one that the command-line tools print as a single line, one that stays inside."""


class UserError(ValueError):
    """Input that only the user can put right: a file, a config value, an installed package.

    The message names the cause and the way out. The tools print it without a traceback and exit with status 1,
    so raise it where the cause is known, not where it is noticed.
    """


class SourceError(Exception):
    """Why one source cannot give the files of a data set; the next one is tried, or a ``UserError`` tells it."""
