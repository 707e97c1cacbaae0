"""Models whose weights, gradients and optimizer state are spread over the processes."""

from .model import FullyShardedModel, refuse_unfit

__all__ = ['FullyShardedModel', 'refuse_unfit']
