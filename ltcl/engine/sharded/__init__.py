"""Models whose weights, gradients and optimizer state are spread over the processes."""

from .model import FullyShardedModel

__all__ = ['FullyShardedModel']
