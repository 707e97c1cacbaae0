"""Which view meets which encoder."""

from .classifier import Classifier
from .contrastive import ContrastiveClassifier
from .ensemble import EnsembleClassifier
from .frozen_encoder import FrozenEncoderClassifier

__all__ = ['Classifier', 'ContrastiveClassifier', 'EnsembleClassifier', 'FrozenEncoderClassifier']
