"""Which view meets which encoder."""

from .contrastive import ContrastiveClassifier
from .frozen_encoder import FrozenEncoderClassifier

__all__ = ['ContrastiveClassifier', 'FrozenEncoderClassifier']
