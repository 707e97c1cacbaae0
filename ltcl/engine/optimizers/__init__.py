"""Optimizer wrappers."""

from .autocast import Bfloat16OptimWrapper

__all__ = ['Bfloat16OptimWrapper']
