"""Hooks, loops, optimizer wrappers and schedules."""

from .hooks import *  # noqa: F403
from .loops import ResumableIterTrainLoop, ResumableTrainLoop
from .optimizers import Bfloat16OptimWrapper
from .run_logs import LocalVisBackend
from .runner import Runner
from .schedulers import IterWarmupCosineLR, WarmupCosineLR, WarmupStepLR

__all__ = [
    'Bfloat16OptimWrapper',
    'IterWarmupCosineLR',
    'LocalVisBackend',
    'ResumableIterTrainLoop',
    'ResumableTrainLoop',
    'Runner',
    'WarmupCosineLR',
    'WarmupStepLR',
]
