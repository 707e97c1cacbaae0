"""Which view meets which encoder."""

from .contrastive import ContrastiveClassifier
from .ensemble import EnsembleClassifier
from .frozen_encoder import FrozenEncoderClassifier
from .late_head import Classifier

__all__ = ['Classifier', 'ContrastiveClassifier', 'EnsembleClassifier', 'FrozenEncoderClassifier']
