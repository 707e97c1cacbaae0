"""Parts between backbone and head."""

from .projector import Projector

__all__ = ['Projector']
