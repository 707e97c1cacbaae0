"""Which view meets which encoder."""

from .contrastive import ContrastiveClassifier

__all__ = ['ContrastiveClassifier']
