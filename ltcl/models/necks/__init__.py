"""Parts between backbone and head."""

from .feature_mlp import FeatureMLP
from .projector import Projector

__all__ = ['FeatureMLP', 'Projector']
