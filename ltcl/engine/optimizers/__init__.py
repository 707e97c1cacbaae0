"""Optimizer wrappers, and how they are built."""

from .autocast import Bfloat16OptimWrapper
from .trained_only import TrainedOnly

__all__ = ['Bfloat16OptimWrapper', 'TrainedOnly']
