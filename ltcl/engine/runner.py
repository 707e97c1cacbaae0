"""mmengine's runner with a console that a person can follow."""

import logging

from mmengine.logging import MMLogger
from mmengine.runner import CheckpointLoader
from mmengine.runner import Runner as MMEngineRunner

from ltcl.checkpoints.reading import load_from_local
from ltcl.neutral_text import neutralise
from ltcl.registry import RUNNERS

# For load_from, --resume and init_cfg alike: mmengine's own reader of files runs the code that a file carries.
CheckpointLoader.register_scheme('', load_from_local, force=True)

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
        neutralise(logger)
        for handler in logger.handlers:
            if type(handler) is logging.StreamHandler:
                handler.addFilter(is_news)
        return logger
