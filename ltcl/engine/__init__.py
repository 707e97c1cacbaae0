"""Hooks, loops, model and optimizer wrappers and schedules."""

from .hooks import *  # noqa: F403
from .loops import *  # noqa: F403
from .mlflow_backend import MLflowVisBackend as MLflowVisBackend
from .optimizers import *  # noqa: F403
from .run_logs import LocalVisBackend as LocalVisBackend
from .runner import Runner as Runner
from .schedulers import *  # noqa: F403
from .sharded import FullyShardedModel as FullyShardedModel
from .tensorboard import TensorboardVisBackend as TensorboardVisBackend
