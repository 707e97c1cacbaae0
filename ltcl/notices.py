"""What a person should know, through the logger of the run."""

import logging
import sys

from mmengine.logging import MMLogger, print_log


def note(text: str) -> None:
    """Say what is as it should be."""
    print_log(text, logger='current')


def note_progress(text: str) -> None:
    """Say how far a long work is, on standard error where the run is to say nothing else: silence looks like a hang."""
    if MMLogger.get_current_instance().isEnabledFor(logging.INFO):
        note(text)
    else:
        print(text, file=sys.stderr, flush=True)


def warn(text: str) -> None:
    """Say what may not be meant."""
    print_log(text, logger='current', level=logging.WARNING)
