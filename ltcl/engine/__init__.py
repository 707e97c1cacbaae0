"""Hooks, loops, optimizer wrappers and schedules."""

from .hooks import *  # noqa: F403
from .loops import ResumableTrainLoop
from .optimizers import Bfloat16OptimWrapper
from .runner import Runner
from .schedulers import WarmupStepLR

__all__ = ['Bfloat16OptimWrapper', 'ResumableTrainLoop', 'Runner', 'WarmupStepLR']
