"""Which view meets which encoder."""

from .contrastive import ContrastiveClassifier
from .ensemble import EnsembleClassifier
from .frozen_encoder import FrozenEncoderClassifier

__all__ = ['ContrastiveClassifier', 'EnsembleClassifier', 'FrozenEncoderClassifier']
