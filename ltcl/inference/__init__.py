"""A trained model in use: predictions and features of images, for the class mix that they are met in."""

from .answers import Embeddings, Prediction
from .classifier import LongTailClassifier
from .images import Image
from .segmenter import LongTailSegmenter, Segmentation

__all__ = ['Embeddings', 'Image', 'LongTailClassifier', 'LongTailSegmenter', 'Prediction', 'Segmentation']
