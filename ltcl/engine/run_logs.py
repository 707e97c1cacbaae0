"""Logs that a full disk does not turn into the end of a training."""

import contextlib
import logging
import sys
from collections.abc import Iterator

from mmengine.logging import print_log
from mmengine.runner import Runner
from mmengine.visualization import LocalVisBackend as MMEngineLocalVisBackend

from ltcl.registry import VISBACKENDS


class SaidOnce:
    """Swallows failures to write and says so the first time.

    Args:
        what: What cannot be written.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self.is_said = False

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """Go on after an ``OSError`` in the block."""
        try:
            yield
        except OSError as error:
            self.say(error)

    def say(self, error: object) -> None:
        """Say what cannot be written, once."""
        if not self.is_said:
            self.is_said = True
            print_log(
                f'{self.what} cannot be written ({getattr(error, "strerror", None) or error}): the run goes on '
                'without it',
                logger='current',
                level=logging.ERROR,
            )


def go_on_without(handler: logging.Handler, what: str) -> None:
    """Let a log that cannot be written be one line in the others; Python prints a traceback with each record.

    Args:
        handler: Changed in place.
        what: What it writes.
    """
    said = SaidOnce(what)

    def handle(record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            said.say(error)
        else:
            logging.Handler.handleError(handler, record)

    handler.handleError = handle  # type: ignore[method-assign]


@contextlib.contextmanager
def warn_only(runner: Runner, message: str) -> Iterator[None]:
    """Let what goes wrong in the block be a warning: hours of training must not end as a failure."""
    try:
        yield
    except Exception as error:
        runner.logger.warning(f'{message}: {type(error).__name__}: {error}')


@VISBACKENDS.register_module()
class LocalVisBackend(MMEngineLocalVisBackend):
    """mmengine's files of scalars and pictures; where they cannot be written, the run goes on without them."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._said = SaidOnce('the figures in vis_data')

    def add_image(self, *args: object, **kwargs: object) -> None:
        """Write a picture."""
        with self._said():
            super().add_image(*args, **kwargs)

    def _dump(self, *args: object) -> None:
        with self._said():
            super()._dump(*args)
