"""Training loops."""

from .resumable import ResumableTrainLoop

__all__ = ['ResumableTrainLoop']
