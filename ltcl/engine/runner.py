"""mmengine's runner with a console that a person can follow."""

import logging

from mmengine.logging import MMLogger
from mmengine.runner import Runner as MMEngineRunner

import ltcl.checkpoints.schemes  # noqa: F401 (for load_from, --resume and init_cfg alike: our reader, not mmengine's)
from ltcl.registry import RUNNERS

# These fill several screens before the first iteration; the log file has them.
LOG_FILE_ONLY = (
    '\n----',
    'Config:',
    'Hooks will be executed',
    'Distributed training is not used',
    'Exp name:',
    'Saving checkpoint at',
    '"FileClient" will be deprecated',
    '"HardDiskBackend" is the alias',
)


def is_news(record: logging.LogRecord) -> bool:
    """Whether a log record belongs on the console as well as in the log file."""
    return not record.getMessage().startswith(LOG_FILE_ONLY)


@RUNNERS.register_module()
class Runner(MMEngineRunner):
    """Differs from mmengine's runner in one thing: environment, config and hook list go to the log file only."""

    def build_logger(self, *args: object, **kwargs: object) -> MMLogger:
        """The logger, its console handlers without the dumps."""
        logger = super().build_logger(*args, **kwargs)
        for handler in logger.handlers:
            if type(handler) is logging.StreamHandler:
                handler.addFilter(is_news)
        return logger
