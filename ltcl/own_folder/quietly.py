"""A look at data and model that says nothing, since the training says it, and a training that says little."""

import contextlib
import logging
import time
from collections.abc import Iterator

from mmengine.logging import MMLogger

# Epochs on cached features take milliseconds; the console tells of one now and then, the log file of all.
SECONDS_BETWEEN = 2.0


@contextlib.contextmanager
def quiet(level: int = logging.ERROR) -> Iterator[None]:
    """Log nothing below a level."""
    logger = MMLogger.get_current_instance()
    before = logger.level
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.setLevel(before)


class Sparse(logging.Filter):
    """Lets a line on the progress of an epoch pass when the last one is :data:`SECONDS_BETWEEN` old."""

    last = -SECONDS_BETWEEN

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is shown."""
        if not record.getMessage().startswith('Epoch(train)'):
            return True
        now = time.monotonic()
        if now - self.last < SECONDS_BETWEEN:
            return False
        self.last = now
        return True


def show_less(logger: logging.Logger) -> None:
    """Keep a console readable while epochs fly by; log files stay as they are."""
    for handler in logger.handlers:
        if type(handler) is logging.StreamHandler:
            handler.addFilter(Sparse())
