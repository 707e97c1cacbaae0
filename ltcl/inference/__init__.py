"""A trained model in use: predictions and features of images, for the class mix that they are met in."""

from .answers import Embeddings, Prediction
from .classifier import LongTailClassifier
from .images import Image

__all__ = ['Embeddings', 'Image', 'LongTailClassifier', 'Prediction']
