"""Training loops."""

from .resumable import ResumableTrainLoop
from .resumable_iter import ResumableIterTrainLoop

__all__ = ['ResumableIterTrainLoop', 'ResumableTrainLoop']
