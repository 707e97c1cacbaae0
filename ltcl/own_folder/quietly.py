"""A look at data and model that says nothing, since the training says it."""

import contextlib
import logging
from collections.abc import Iterator

from mmengine.logging import MMLogger


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
