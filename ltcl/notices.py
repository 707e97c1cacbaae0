"""What a person should know, through the logger of the run."""

import logging

from mmengine.logging import print_log


def note(text: str) -> None:
    """Say what is as it should be."""
    print_log(text, logger='current')


def warn(text: str) -> None:
    """Say what may not be meant."""
    print_log(text, logger='current', level=logging.WARNING)
